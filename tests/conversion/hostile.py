"""Graph files damaged by chance and by intent, from a seed; and what their source may contain."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from typing import Any

from tfmigrate.graph.files import protos

NAMES = [
    "class", "x\ny", 'a"""b', "__import__('os').system('true')", "'); raise SystemExit #", "{x}",
    "\\", "dense/../../etc", "-", "", "9", "import os", "f'{exec}'", "naïve/Ω", "\x00", "a" * 5000,
    "build_model", "keras", "self", "True", "lambda: 0", "<b>", "[red]x[/red]", "%s%n", "while/x",
]  # fmt: skip
OPS = [
    "MatMul", "Conv2D", "BiasAdd", "Relu", "Identity", "Reshape", "ConcatV2", "Merge", "Switch",
    "Enter", "NextIteration", "Exit", "LoopCond", "Const", "VariableV2", "Placeholder", "NoSuchOp",
    "GatherV2", "Pack", "StridedSlice", "FusedBatchNormV3", "Softmax", "Mean", "Transpose", "Split",
    "RandomUniform", "Mul", "Dropout", "Unpack", "LeakyRelu", "While", "PyFunc", "ReadFile",
    "VarHandleOp", "Fill", "MaxPool", "AddN", "Pad", "OneHot", "Cast",
]  # fmt: skip


_ATTRIBUTES = protos.NodeDef.DESCRIPTOR.fields_by_name["attr"].message_type
_ONEOF = _ATTRIBUTES.fields_by_name["value"].message_type.oneofs[0].name


def mutate(data: bytes, kind: type, seed: int) -> bytes:
    """A MetaGraphDef's or GraphDef's bytes, changed one to four times."""
    chance = random.Random(seed)
    if chance.random() < 0.15:
        return _damage(data, chance)
    message = kind.FromString(data)  # type: ignore[attr-defined]
    graph = message.graph_def if kind is protos.MetaGraphDef else message
    for _ in range(chance.randint(1, 4)):
        chance.choice(_MUTATIONS)(graph, chance)
        if not graph.node:
            break
    return message.SerializeToString()


def _damage(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return data[: chance.randrange(len(data))]
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _drop(graph: Any, chance: random.Random) -> None:
    del graph.node[chance.randrange(len(graph.node))]


def _repeat(graph: Any, chance: random.Random) -> None:
    graph.node.append(chance.choice(graph.node))


def _rename(graph: Any, chance: random.Random) -> None:
    """Everywhere, so that the graph stays whole and the name reaches the source."""
    node, name = chance.choice(graph.node), chance.choice(NAMES)
    try:
        name.encode()
        old, node.name = node.name, name
    except (UnicodeEncodeError, ValueError):
        return
    for other in graph.node:
        for index, tensor in enumerate(other.input):
            if tensor.removeprefix("^").partition(":")[0] == old:
                other.input[index] = tensor.replace(old, name, 1)


def _rewire(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    if node.input:
        targets = [
            chance.choice(graph.node).name, node.name, f"{node.name}:7", "nowhere", "^nowhere", "",
            ":", f"{chance.choice(graph.node).name}:-1", f"^{chance.choice(graph.node).name}",
        ]  # fmt: skip
        node.input[chance.randrange(len(node.input))] = chance.choice(targets)


def _cut(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    if node.input:
        del node.input[chance.randrange(len(node.input))]


def _add_input(graph: Any, chance: random.Random) -> None:
    chance.choice(graph.node).input.append(chance.choice(graph.node).name)


def _change_op(graph: Any, chance: random.Random) -> None:
    chance.choice(graph.node).op = chance.choice(OPS)


def _forget(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    if node.attr:
        del node.attr[chance.choice(sorted(node.attr))]


def _retype(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    for value in node.attr.values():
        if value.WhichOneof(_ONEOF) == "type":
            value.type = chance.choice([1, 2, 3, 7, 9, 10, 14, 19, 20, 101, 999])


def _disturb(graph: Any, chance: random.Random) -> None:
    """Numbers of an attribute or a constant, to what no one would write."""
    node = chance.choice(graph.node)
    strange = [-1, 0, 1, 2**31 - 1, -(2**63), 2**40]
    for value in node.attr.values():
        kind = value.WhichOneof(_ONEOF)
        if kind == "i":
            value.i = chance.choice(strange)
        elif kind == "f":
            value.f = chance.choice([float("nan"), float("inf"), -1.0, 0.0, 1e38])
        elif kind == "b":
            value.b = not value.b
        elif kind == "s":
            value.s = chance.choice([b"", b"\xff", b"NCHW", b"SAME", b"EXPLICIT", b"'\n"])
        elif kind == "list" and value.list.i:
            value.list.i[chance.randrange(len(value.list.i))] = chance.choice(strange)
        elif kind == "shape" and value.shape.dim:
            chance.choice(value.shape.dim).size = chance.choice(strange)
        elif kind == "tensor" and chance.random() < 0.5:
            for dim in value.tensor.tensor_shape.dim:
                dim.size = chance.choice(strange)
        elif kind == "tensor":
            value.tensor.tensor_content = value.tensor.tensor_content[:3]


_MUTATIONS = [
    _drop, _repeat, _rename, _rename, _rewire, _rewire, _cut, _add_input, _change_op, _change_op,
    _forget, _retype, _disturb, _disturb,
]  # fmt: skip


_MODULES = {"numpy", "tensorflow", "keras", "pathlib"}
_FORBIDDEN = {
    "exec", "eval", "compile", "open", "__import__", "getattr", "globals", "input", "breakpoint",
}  # fmt: skip
_OUR_OWN = "…→"  # in the docstrings of emit/classes
_AT_IMPORT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def assert_harmless(text: str) -> None:
    """The source is valid, imports only what it may, and calls nothing that reaches outside.

    Importing it runs nothing but calls of keras, numpy and its own definitions.
    """
    assert text.translate(dict.fromkeys(map(ord, _OUR_OWN))).isascii()
    module = ast.parse(text)
    own = {node.name for node in module.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for statement in module.body:
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        assert docstring or isinstance(statement, _AT_IMPORT), ast.unparse(statement)
        for call in _called_at_import(statement):
            assert _root(call.func) in {"keras", "np", *own}, ast.unparse(call)
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= _MODULES
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] in _MODULES
        elif isinstance(node, ast.Name):
            assert node.id not in _FORBIDDEN
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("__") or node.attr == "__init__"


def _called_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that importing a statement makes: all but those in the bodies of functions."""
    if isinstance(node, ast.Call):
        yield node
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _called_at_import(child)


def _root(node: ast.expr) -> str:
    """The name that an expression begins with: keras of ``keras.layers.Dense``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
