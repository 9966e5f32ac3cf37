"""Calls of library functions → the operations of their bodies."""

from __future__ import annotations

from dataclasses import replace

from ..errors import UserError, printable
from .constants import Evaluator
from .nodes import Function, Graph, Node, split_tensor

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_CONDITIONALS = ("If", "StatelessIf")
_LARGEST_GRAPH = 1_000_000  # operations after inlining; a function that calls itself stops here
_DEEPEST = 64


def inline_functions(graph: Graph, evaluator: Evaluator) -> Graph:
    """The graph with calls, and conditionals whose predicate is known, replaced by bodies.

    An operation ``n`` of the function that ``call`` calls becomes ``call/n``.

    Args:
        graph: left as it is; returned itself if it calls nothing.
        evaluator: of that graph; says which predicates are known.

    Raises:
        UserError: a function that is not in the library, or calls without end.
    """
    for _ in range(_DEEPEST):
        calls = {
            node.name: function
            for node in graph.nodes.values()
            if (function := _callee(graph, node, evaluator)) is not None
        }
        if not calls:
            return graph
        graph = _expand(graph, calls)
        evaluator = evaluator.on(graph)
    raise UserError(f"functions of the graph call each other more than {_DEEPEST} deep")


def _callee(graph: Graph, node: Node, evaluator: Evaluator) -> Function | None:
    if node.op in graph.functions:
        name = node.op
    elif node.op in _CALLS:
        name = node.attrs.get("f", "")
    elif node.op in _CONDITIONALS and node.inputs:
        predicate = evaluator.value(node.inputs[0])
        if predicate is None or predicate.size != 1:
            return None
        name = node.attrs.get("then_branch" if predicate.item() else "else_branch", "")
    else:
        return None
    if not isinstance(name, str) or name not in graph.functions:
        raise UserError(
            f"operation {printable(node.name)!r} calls {printable(name)!r}, "
            "which is not in the graph's library"
        )
    return graph.functions[name]


def _expand(graph: Graph, calls: dict[str, Function]) -> Graph:
    # A call's result may be another call's argument: names are followed until they settle.
    renamed: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    size = len(graph.nodes) + sum(len(function.graph.nodes) for function in calls.values())
    if size > _LARGEST_GRAPH:
        raise UserError(
            f"the graph has more than {_LARGEST_GRAPH:,} operations when its functions are inlined"
        )
    for node in graph.nodes.values():
        function = calls.get(node.name)
        if function is None:
            nodes[node.name] = node
            continue
        arguments = node.inputs[1:] if node.op in _CONDITIONALS else node.inputs
        if len(arguments) != len(function.arguments):
            raise UserError(
                f"operation {printable(node.name)!r} calls {printable(function.name)!r} "
                f"with {len(arguments)} arguments",
                expected=f"{len(function.arguments)}",
            )
        for (name, _), argument in zip(function.arguments, arguments, strict=True):
            renamed[f"{node.name}/{name}:0"] = argument
        for index, tensor in enumerate(function.results.values()):
            renamed[f"{node.name}:{index}"] = f"{node.name}/{tensor}"
        for inner in function.graph.nodes.values():
            if inner.op != "_Arg":
                name = f"{node.name}/{inner.name}"
                nodes[name] = replace(
                    inner,
                    name=name,
                    inputs=tuple(f"{node.name}/{tensor}" for tensor in inner.inputs),
                    control_inputs=tuple(f"{node.name}/{c}" for c in inner.control_inputs),
                )
    settled = {
        name: replace(node, inputs=tuple(_settle(tensor, renamed) for tensor in node.inputs))
        if any(tensor in renamed for tensor in node.inputs)
        else node
        for name, node in nodes.items()
    }
    for node in settled.values():
        for tensor in node.inputs:
            if split_tensor(tensor)[0] not in settled:
                raise UserError(
                    f"operation {printable(node.name)!r} has the input {printable(tensor)!r}, "
                    "which no function returns"
                )
    # Whoever asks for a call's result by name still finds it.
    for owner, function in calls.items():
        results = [_settle(f"{owner}:{i}", renamed) for i in range(len(function.results))]
        settled[owner] = Node(owner, "IdentityN", tuple(results))
    return replace(graph, nodes=settled)


def _settle(tensor: str, renamed: dict[str, str]) -> str:
    seen = set()
    while tensor in renamed:
        if tensor in seen:
            raise UserError(f"the function behind {printable(tensor)!r} returns itself")
        seen.add(tensor)
        tensor = renamed[tensor]
    return tensor
