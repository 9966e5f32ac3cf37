"""The terms of a loss: sums, scales, weights and reductions split until single forms are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..constants import axes_or_sizes, static_value
from ..nodes import Graph, Node, split_tensor
from ..sources import SHAPE_ONLY, data_sources
from ..variables import resolve
from .loss_forms import beneath, operands, through
from .optimizers import readable, scalar


@dataclass(frozen=True)
class Reduction:
    """One mean or sum over a tensor; ``axes`` is None for all, ``keep`` for ``keepdims``."""

    op: str  # "mean", "sum" or "weighted_mean"
    axes: tuple[int, ...] | None  # None: all
    keep: bool


@dataclass(frozen=True)
class Term:
    """One summand of a loss: its tensor, and the factor and reductions over it."""

    tensor: str
    factor: float = 1.0
    reductions: tuple[Reduction, ...] = ()  # outermost first
    root: bool = False
    weights: str | None = None


def short(value: float) -> float:
    """A factor in seven digits, which is all that a product of float32 constants has."""
    return float(f"{value:.7g}")


_SHAPING = ("Reshape", "Squeeze", "ExpandDims")


FEWEST_INPUTS = dict.fromkeys(("Mul", "Pow", "RealDiv", "Div", "DivNoNan", "Select"), 2)


def split_term(graph: Graph, term: Term) -> Iterator[Term]:
    """The terms one is made of; nothing where it is not made of terms."""
    node = beneath(graph, term.tensor)
    if node is None or len(node.inputs) < FEWEST_INPUTS.get(node.op, 1):
        return
    if node.op in _SHAPING:
        yield replace(term, tensor=node.inputs[0])
    elif node.op == "Neg":
        yield replace(term, tensor=node.inputs[0], factor=-term.factor)
    elif node.op in ("Add", "AddV2", "AddN", "Sub"):
        for at, tensor in enumerate(node.inputs):
            sign = -1.0 if node.op == "Sub" and at else 1.0
            reductions = term.reductions
            if reductions and graph.shape(tensor) == ():
                # A scalar added to each example: a mean leaves it as it is, a sum does not.
                if any(reduction.op == "sum" for reduction in reductions):
                    return
                reductions = ()
            yield replace(term, tensor=tensor, factor=sign * term.factor, reductions=reductions)
    elif node.op in ("Mul", "RealDiv", "Div", "DivNoNan", "Select"):
        yield from _split_scaled(graph, term, node)
    elif node.op in ("Mean", "Sum"):
        yield from _split_reduction(graph, term, node)
    elif node.op == "Sqrt" and not term.reductions:
        yield replace(term, tensor=node.inputs[0], root=True)


def _split_scaled(graph: Graph, term: Term, node: Node) -> Iterator[Term]:
    if node.op == "Mul":
        for one, other in operands(node):
            value = uniform(graph, one)
            if value is not None:
                yield replace(term, tensor=other, factor=term.factor * value)
                return
        return
    if node.op == "Select":  # tf.losses before 1.13: where(present > 0, total / present, 0)
        quotient = beneath(graph, node.inputs[1]) if len(node.inputs) == 3 else None
        if quotient is not None and quotient.op in ("RealDiv", "Div"):
            node = quotient
        else:
            return
    value = uniform(graph, node.inputs[1])
    if value:
        yield replace(term, tensor=node.inputs[0], factor=term.factor / value)
        return
    if not term.reductions and (found := _weighted_mean(graph, node)) is not None:
        mean = Reduction("weighted_mean", None, False)
        yield replace(term, tensor=found[0], weights=found[1], reductions=(mean,))
        return
    total = node.inputs[0]
    while (summed := beneath(graph, total)) is not None and summed.op == "Sum":
        total = summed.inputs[0]
    if _is_batch_size(graph, node.inputs[1]):
        shape = graph.shape(total)
        whole = graph.shape(node.inputs[0]) == () and total != node.inputs[0]
        if shape and whole and not term.reductions and not _is_flattened(graph, total):
            rest = tuple(range(1, len(shape)))
            batch = Reduction("mean", (0,) if rest else None, False)
            inner = [Reduction("sum", rest, False)] if rest else []
            yield replace(term, tensor=total, reductions=(batch, *inner))
    elif _counts_elements(graph, node.inputs[1]):
        mean = Reduction("mean", None, False)
        yield replace(term, tensor=total, reductions=(*term.reductions, mean))


def _is_flattened(graph: Graph, losses: str) -> bool:
    """Whether cross entropies are of rows that are more than the examples."""
    node = beneath(graph, losses)
    if node is None or not node.inputs:
        return False
    return "CrossEntropy" in node.op and through(graph, node.inputs[0], "Reshape") is not None


def _is_batch_size(graph: Graph, tensor: str) -> bool:
    """Whether a number is ``tf.shape(x)[0]``."""
    node = beneath(graph, tensor)
    if node is not None and node.op == "Cast":
        node = graph.get(resolve(graph, node.inputs[0]))
    if node is None or node.op != "StridedSlice" or len(node.inputs) < 2:
        return False
    sizes = graph.get(resolve(graph, node.inputs[0]))
    return sizes is not None and sizes.op == "Shape" and scalar(graph, node.inputs[1]) == 0


def _weighted_mean(graph: Graph, node: Node) -> tuple[str, str] | None:
    """``sum(x * w) / sum(w)`` → x and w; a small number may be added to the divisor."""
    total, divisor = beneath(graph, node.inputs[0]), beneath(graph, node.inputs[1])
    if divisor is not None and divisor.op in ("Add", "AddV2"):
        small = [other for one, other in operands(divisor) if (scalar(graph, one) or 1) < _SMALL]
        divisor = beneath(graph, small[0]) if small else None
    for summed in (total, divisor):
        if summed is None or summed.op != "Sum" or _axes(graph, summed) is not None:
            return None
    assert total is not None
    assert divisor is not None
    weights = beneath_shape(graph, divisor.inputs[0])
    product = beneath(graph, total.inputs[0])
    for one, other in operands(product) if product is not None and product.op == "Mul" else ():
        if beneath_shape(graph, one) == weights:
            return other, divisor.inputs[0]
    return None


def beneath_shape(graph: Graph, tensor: str) -> str:
    """The tensor without what only passes it on, casts it or changes its shape."""
    for _ in range(100):
        node = beneath(graph, tensor)
        if node is None or node.op not in _SHAPING or not node.inputs:
            resolved = resolve(graph, tensor)
            passed_cast = node is not None and split_tensor(resolved)[0] != node.name
            return f"{node.name}:0" if node is not None and passed_cast else resolved
        tensor = node.inputs[0]
    return tensor


def split_weighted(graph: Graph, term: Term, learned: Callable[[str], bool]) -> Iterator[Term]:
    """A loss of examples times weights that are given: a mask, or what an action was worth."""
    node = beneath(graph, term.tensor)
    if node is None or node.op != "Mul" or term.weights is not None or not term.reductions:
        return
    for one, other in operands(node):
        if learned(one) and not learned(other):
            yield replace(term, tensor=one, weights=other)


def beneath_factor(graph: Graph, term: Term) -> Term | None:
    """A loss without what it is multiplied by, where no data decides that: a trained number."""
    node = beneath(graph, term.tensor)
    if node is None or node.op != "Mul":
        return None
    for one, other in operands(node):
        if graph.shape(one) == () and not data_sources(graph, one) and data_sources(graph, other):
            return replace(term, tensor=other)
    return None


_SMALL = 1e-3


def _counts_elements(graph: Graph, tensor: str) -> bool:
    """Whether a divisor is tf.losses' number of elements (with constant weights), or a size."""
    waiting, seen, counted = [tensor], set(), False
    while waiting:
        node = graph.get(waiting.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        counted |= node.name.rpartition("/")[2] in ("num_present", "num_elements")
        if node.op in SHAPE_ONLY:
            counted |= len(seen) <= _NEAR
        elif node.op.startswith("Placeholder"):
            return False
        else:
            waiting.extend(node.inputs)
    return counted


_NEAR = 3  # a size, perhaps cast or sliced from a shape, right below the division


def uniform(graph: Graph, tensor: str) -> float | None:
    """The one value that all elements of a tensor have, whatever its shape; None otherwise."""
    value = static_value(graph, tensor)
    if value is not None:
        if value.dtype.kind not in "fiu" or not value.size or value.size > _LARGEST_WEIGHTS:
            return None
        first = value.ravel()[:1].reshape(())
        return readable(first) if bool((value == first).all()) else None
    node = beneath(graph, tensor)
    if node is None:
        return None
    if node.op == "Fill":
        return uniform(graph, node.inputs[1])
    if node.op == "OnesLike":
        return 1.0
    if node.op == "Mul" and len(node.inputs) == 2:
        # Weights made as large as the losses: a constant times ones.
        one, other = (_filled(graph, part) for part in node.inputs)
        return None if one is None or other is None else one * other
    if node.op in ("Add", "AddV2", "AddN") and node.inputs and len(node.inputs) <= 2:
        # Two are all that sequence_loss_by_example adds: the weights and a small number.
        parts = [_filled(graph, part) for part in node.inputs]
        return None if None in parts else sum(part for part in parts if part is not None)
    return None


_LARGEST_WEIGHTS = 1 << 22


def _filled(graph: Graph, tensor: str) -> float | None:
    value = scalar(graph, tensor)
    node = beneath(graph, tensor)
    while value is None and node is not None and node.op == "AddN" and len(node.inputs) == 1:
        node = beneath(graph, node.inputs[0])
    if value is None and node is not None and node.op == "Fill":
        return scalar(graph, node.inputs[1])
    return value


def _split_reduction(graph: Graph, term: Term, node: Node) -> Iterator[Term]:
    inner = node.inputs[0]
    packed = beneath(graph, inner)
    if packed is not None and packed.op == "Pack" and not term.reductions:
        share = 1 / len(packed.inputs) if node.op == "Mean" else 1.0
        for tensor in packed.inputs:
            yield replace(term, tensor=tensor, factor=term.factor * share)
    elif graph.shape(inner) == ():
        yield replace(term, tensor=inner)
    else:
        keep = bool(node.attrs.get("keep_dims", node.attrs.get("keepdims", False)))
        reduction = Reduction(node.op.lower(), _axes(graph, node), keep)
        yield replace(term, tensor=inner, reductions=(*term.reductions, reduction))


def _axes(graph: Graph, node: Node) -> tuple[int, ...] | None:
    axes = axes_or_sizes(static_value(graph, node.inputs[1])) if len(node.inputs) > 1 else None
    shape = graph.shape(node.inputs[0])
    return None if axes is None or (shape is not None and len(axes) == len(shape)) else axes
