"""Clipping of gradients, as tf.clip_by_value, tf.clip_by_norm and tf.clip_by_global_norm do it."""

from __future__ import annotations

from dataclasses import dataclass

from ..nodes import Graph, Node
from ..variables import resolve
from .optimizers import scalar


@dataclass(frozen=True)
class Clipping:
    """What happens to gradients before they are applied.

    Attributes:
        kind: "value" (to ±by), "norm" (each to norm by) or "global_norm" (all together).
    """

    kind: str
    by: float


@dataclass(frozen=True)
class Clipped:
    """One gradient that is clipped.

    Attributes:
        inner: the tensor before it.
        norms: the operations that the norm of all gradients adds up; none but for "global_norm".
    """

    clipping: Clipping
    inner: str
    norms: frozenset[str] = frozenset()


def clipped(graph: Graph, node: Node) -> Clipped | None:
    """The clipping whose last operation a node is, or None."""
    return _by_value(graph, node) or _by_norm(graph, node) or _by_global_norm(graph, node)


def _node(graph: Graph, tensor: str) -> Node | None:
    return graph.get(resolve(graph, tensor))


def _by_value(graph: Graph, node: Node) -> Clipped | None:
    if node.op == "ClipByValue" and len(node.inputs) == 3:
        inner = node.inputs[0]
        low, high = (scalar(graph, tensor) for tensor in node.inputs[1:])
    elif node.op == "Maximum" and len(node.inputs) == 2:
        least = _node(graph, node.inputs[0])
        if least is None or least.op != "Minimum":
            return None
        inner = least.inputs[0]
        low, high = scalar(graph, node.inputs[1]), scalar(graph, least.inputs[1])
    else:
        return None
    if low is None or high is None or low != -high:
        return None
    return Clipped(Clipping("value", high), inner)


def _by_norm(graph: Graph, node: Node) -> Clipped | None:
    """``g * c / max(norm, c)``."""
    if node.op not in ("RealDiv", "Div") or len(node.inputs) != 2:
        return None
    product, largest = (_node(graph, tensor) for tensor in node.inputs)
    if product is None or product.op != "Mul" or largest is None or largest.op != "Maximum":
        return None
    by = next(filter(None, (scalar(graph, tensor) for tensor in largest.inputs)), None)
    for inner, limit in (product.inputs, product.inputs[::-1]):
        if by is not None and scalar(graph, limit) == by:
            normed = graph.ancestors(largest.inputs, stop=[inner, resolve(graph, inner)])
            ops = {each.op for each in normed.values()}
            if ops & {"Sqrt", "Select", "SelectV2"} and "Sum" in ops:
                return Clipped(Clipping("norm", by), inner)
    return None


def _by_global_norm(graph: Graph, node: Node) -> Clipped | None:
    """``g * (c * min(1/norm, 1/c))``; the norm is the root of a sum over l2_loss of gradients."""
    if node.op != "Mul" or len(node.inputs) != 2:
        return None
    for inner, factor in (node.inputs, node.inputs[::-1]):
        scale = _node(graph, factor)
        if scale is not None and scale.op in ("Select", "SelectV2") and len(scale.inputs) == 3:
            scale = _node(graph, scale.inputs[1])
        if scale is None or scale.op != "Mul":
            continue
        by = next(filter(None, (scalar(graph, each) for each in scale.inputs)), None)
        least = (_node(graph, each) for each in scale.inputs)
        if by is not None and any(each is not None and each.op == "Minimum" for each in least):
            behind = graph.ancestors([f"{scale.name}:0"])
            norms = frozenset(name for name, each in behind.items() if each.op == "L2Loss")
            if norms:
                return Clipped(Clipping("global_norm", by), inner, norms)
    return None
