"""How a generated source reads: its length, repetition, numbered and cut names, raw operations."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

_RUN = 3  # statements that occur again together are one repetition
_CUT = 40  # characters at which names of scopes were once cut
_OTHERS = ("compile_model", "load_model")
_ODD = re.compile(r"self|cls|(self|x)_\d+")
_COMPOUND = (ast.For, ast.While, ast.If, ast.With)


@dataclass(frozen=True)
class Reading:
    """The figures of one source, of its functions that build the model.

    Attributes:
        lines: without blank lines, comments, docstrings and classes.
        repeated: the share of statements that occur, three in a row, once more with other names
            and numbers.
        numbered: names of layers that are another layer's name and a counter.
        cut: names of layers that were cut, and locals without a name of their own.
        raw: calls of keras.ops, and arithmetic.
    """

    lines: int
    repeated: float
    numbered: int
    cut: int
    raw: int


def read(text: str) -> Reading:
    """Reads a source."""
    functions = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name not in _OTHERS
    ]
    bodies = [list(_statements(function.body)) for function in functions]
    inside = [node for function in functions for node in ast.walk(function)]
    names = {
        keyword.value.value
        for node in inside
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }
    assigned = {
        target.id
        for node in inside
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return Reading(
        lines=sum(map(_lines, functions)),
        repeated=_repeated([[_shape(node) for node in body] for body in bodies]),
        numbered=sum(_stem(name) in names for name in names),
        cut=sum(len(name) == _CUT for name in names)
        + sum(bool(_ODD.fullmatch(name)) for name in assigned),
        raw=sum(map(_is_raw, inside)),
    )


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        yield node
        for part in ("body", "orelse"):
            yield from _statements(getattr(node, part, []))


def _lines(function: ast.FunctionDef) -> int:
    found = set(range(function.lineno, function.body[0].lineno))
    for node in _statements(function.body):
        last = node.end_lineno
        if isinstance(node, _COMPOUND):
            last = node.iter.end_lineno if isinstance(node, ast.For) else node.lineno
        found.update(range(node.lineno, (last or node.lineno) + 1))
    return len(found)


def _shape(node: ast.AST) -> str:
    """A statement without its names and literals; what is called stays."""
    if isinstance(node, _COMPOUND):
        return type(node).__name__
    return ast.dump(_Anonymous().visit(ast.parse(ast.unparse(node))))


class _Anonymous(ast.NodeTransformer):
    """Takes the names and literals out of a statement."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(0)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant(0)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(node.id if node.id == "keras" else "x")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func
        self.generic_visit(node)
        if isinstance(called, ast.Name):
            node.func = called
        return node


def _repeated(bodies: list[list[str]]) -> float:
    places = defaultdict(list)
    for number, body in enumerate(bodies):
        for start in range(len(body) - _RUN + 1):
            places[tuple(body[start : start + _RUN])].append((number, start))
    again = {
        (number, start + step)
        for found in places.values()
        if len(found) > 1
        for number, start in found
        for step in range(_RUN)
    }
    return len(again) / max(1, sum(map(len, bodies)))


def _stem(name: str) -> str | None:
    """A name without the counter at its end; None where it has none."""
    stem = re.sub(r"_\d+$", "", name)
    return stem if stem != name else None


def _is_raw(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).startswith("keras.ops.")
    return isinstance(node, ast.BinOp)
