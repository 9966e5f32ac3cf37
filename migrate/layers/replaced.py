"""Operations whose gradient a program replaces: gradient_override_map, tf.custom_gradient."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Borders, scalar
from ..graph.nodes import Graph, Node, split_tensor
from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View

REPLACED = "An operation with another gradient"
_FUNCTIONS = {
    "Round": "round", "Rint": "round", "Sign": "sign", "Floor": "floor", "Ceil": "ceil",
    "Identity": "copy",
}  # fmt: skip
_MOST = 10  # nodes of a gradient that are looked through


def with_replaced(graph: Graph) -> Graph:
    """The graph with an operation of its own where a gradient passes, times a number.

    Other gradients of a program stay what they are in TensorFlow: the check of the training names
    them where they make a difference.
    """
    borders, nodes = Borders(graph), {}
    for node in graph.nodes.values():
        if "_gradient_op_type" not in node.attrs or node.op not in _FUNCTIONS:
            continue
        factor = _factor(graph, node, borders)
        if factor is None or (node.op == "Identity" and factor == 1.0):
            continue
        attrs = {**node.attrs, "function": _FUNCTIONS[node.op], "factor": factor}
        nodes[node.name] = replace(node, op=REPLACED, attrs=attrs)
    return replace(graph, nodes={**graph.nodes, **nodes}) if nodes else graph


def _factor(graph: Graph, node: Node, borders: Borders) -> float | None:
    """What the gradient is multiplied by on its way through a node."""
    ends = (f"/{node.name}_grad/", f"/{node.name}_grad_1/")
    own = [n for n in graph.nodes.values() if n.name in borders and any(e in n.name for e in ends)]
    if not own:
        return 1.0 if str(node.attrs["_gradient_op_type"]) == "Identity" else None
    inner = {each.name for each in own}
    last = [n for n in own if any(u.name not in inner for u in graph.node_consumers(n.name))]
    factor, current = 1.0, last[0] if len(last) == 1 else None
    for _ in range(_MOST):
        if current is None or current.name not in inner:
            return None if current is None else factor
        if current.op == "Neg":
            factor, tensor = -factor, current.inputs[0]
        elif current.op == "Identity":
            tensor = current.inputs[0]
        elif current.op == "Mul":
            numbers = [scalar(graph, tensor) for tensor in current.inputs]
            known = [number for number in numbers if number is not None]
            if len(known) != 1:
                return None
            factor *= known[0]
            tensor = current.inputs[numbers.index(None)]
        else:
            return None
        current = graph.get(split_tensor(tensor)[0])
    return None


@operation(REPLACED, keras="StraightThrough (own class)")
def replaced(view: View, tensor: str) -> Match | None:
    """A function through which gradients pass unchanged, or times a number."""
    node = view.graph.node(tensor)
    arguments = {"function": node.attrs["function"]}
    if node.attrs["factor"] != 1.0:
        arguments["factor"] = node.attrs["factor"]

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer("StraightThrough", arguments, value, shape=view.shape(tensor))

    return Match(node.inputs[:1], build)
