"""Clipping of gradients, as tf.clip_by_value, _by_norm and _by_global_norm do it, and Keras 2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..conds import before_switch
from ..nodes import Graph, Node, split_tensor
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
    readers = (_by_value, _by_norm, _by_global_norm, _if_larger)
    return next(filter(None, (read(graph, node) for read in readers)), None)


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


def _if_larger(graph: Graph, node: Node) -> Clipped | None:
    """``g * (c / norm) if norm >= c else g``, the ``clipnorm`` of Keras 2: the norm of them all."""
    test, larger, smaller = _chosen(graph, node)
    asked, product = _node(graph, test), _node(graph, larger)
    if asked is None or product is None or asked.op not in _TESTS or len(product.inputs) != 2:
        return None
    norm, limit = asked.inputs if _TESTS[asked.op] else reversed(asked.inputs)
    by, inner = scalar(graph, limit), resolve(graph, smaller)
    terms = _squared(graph, norm)
    if by is None or not terms or inner not in terms.values():
        return None
    if not any(
        scalar(graph, scale) == by and resolve(graph, root) == resolve(graph, norm)
        for scale, root in _scales(graph, product, inner)
    ):
        return None
    kind = "norm" if len(terms) == 1 else "global_norm"
    return Clipped(Clipping(kind, by), inner, frozenset(terms) if len(terms) > 1 else frozenset())


_TESTS = {"GreaterEqual": True, "Greater": True, "LessEqual": False, "Less": False}
"""Comparisons → whether the first of the two is the larger one."""


def _chosen(graph: Graph, node: Node) -> tuple[str, str, str]:
    """The predicate of a choice, what it takes if that is true, and if not; "" without one."""
    if node.op in ("Select", "SelectV2") and len(node.inputs) == 3:
        return node.inputs[0], node.inputs[1], node.inputs[2]
    sides = {}
    for tensor in node.inputs if node.op == "Merge" else ():
        source = tensor
        while graph.node(source).op == "Identity":
            source = graph.node(source).inputs[0]
        sides[split_tensor(source)[1]] = graph.node(source)
    if sides.keys() != {0, 1} or any(side.op != "Switch" for side in sides.values()):
        return "", "", ""
    test = before_switch(graph, sides[0].inputs[1])
    return test, before_switch(graph, sides[1].inputs[0]), before_switch(graph, sides[0].inputs[0])


def _scales(graph: Graph, product: Node, inner: str) -> Iterator[tuple[str, str]]:
    """What ``g`` may be multiplied by, and divided by, in ``g * (c / n)`` and ``g * c / n``."""
    parts = [_node(graph, tensor) for tensor in product.inputs]
    if product.op == "Mul":
        for part, tensor in zip(parts, reversed(product.inputs), strict=True):
            if part is not None and part.op in _DIVISIONS and resolve(graph, tensor) == inner:
                yield part.inputs[0], part.inputs[1]
    elif product.op in _DIVISIONS and parts[0] is not None and parts[0].op == "Mul":
        one, other = parts[0].inputs
        for scale, tensor in ((one, other), (other, one)):
            if resolve(graph, tensor) == inner:
                yield scale, product.inputs[1]


_DIVISIONS = ("RealDiv", "Div")


def _squared(graph: Graph, norm: str) -> dict[str, str]:
    """The squares whose sums a norm is the root of: node → what is squared; none for another."""
    found, waiting, rooted = dict[str, str](), [norm], False
    while waiting:
        tensor = waiting.pop()
        node = _node(graph, tensor)
        if node is None:
            return {}
        rest = [each for each in node.inputs if scalar(graph, each) is None]
        if node.op == "Square" and rooted:
            inner = _node(graph, node.inputs[0])
            rows = inner is not None and inner.op == "UnsortedSegmentSum"
            found[node.name] = resolve(graph, inner.inputs[0] if rows and inner else node.inputs[0])
        elif node.op == "Sqrt" and not rooted:
            rooted, waiting = True, list(node.inputs)
        elif node.op == "Sum":
            waiting.append(node.inputs[0])
        elif node.op in ("Add", "AddV2", "AddN", "Maximum", "Minimum", "ClipByValue") and rest:
            waiting += rest
        else:
            return {}
    return found
