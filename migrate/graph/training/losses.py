"""The loss of a training graph, taken apart: data term, reduction, labels, regularization."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..constants import static_value
from ..nodes import Graph, Node, split_tensor
from ..sources import SHAPE_ONLY, data_sources
from ..variables import resolve, variable_of
from .loss_forms import (
    ELEMENTWISE_KINDS,
    Match,
    beneath,
    match_form,
    operands,
    through,
)
from .optimizers import readable, scalar


@dataclass(frozen=True)
class Regularization:
    """A penalty on one variable.

    Attributes:
        variable: node name.
        kind: "l2" or "l1".
        factor: of ``sum(w**2) / 2`` (tf.nn.l2_loss) for "l2"; of ``sum(abs(w))`` for "l1".
    """

    variable: str
    kind: str
    factor: float


@dataclass(frozen=True)
class Loss:
    """A loss as ``scale * reduction(kind(labels, logits)) + regularization``.

    Attributes:
        tensor: the whole loss, which is minimized.
        kind: "softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"
            (on logits); "categorical_cross_entropy", "binary_cross_entropy", "log_loss" (written
            out with logarithms of probabilities); "squared_error", "root_mean_squared_error",
            "absolute_error", "huber", "hinge"; "sum" of :attr:`parts`; or "unknown".
        reduction: over examples: "mean", "sum", "weighted_mean" (divided by the sum of
            :attr:`weights`), or "unknown". The error kinds, hinge and "sigmoid_cross_entropy" are
            also averaged ("mean") or summed over units; the others are summed over classes.
        scale: a factor over all of it (1.0 for a plain mean).
        logits: the tensor of the network that enters, before softmax or sigmoid where the loss
            applies one or undoes one.
        predictions: the probabilities that enter, where the graph has them; else None.
        labels: the tensor of labels that enters, with one-hot encoding and smoothing undone.
        label_inputs: the placeholders (or outputs of an input pipeline) the labels come from.
        weights: the tensor that the loss of each example (or step) is multiplied by, or None.
        options: "label_smoothing", "delta", "epsilon", "clip", "one_hot" (depth), where they occur.
        regularization: the penalties, at most one of a kind for a variable.
        notes: what was not understood.
        parts: for kind "sum" (several terms, as with two heads), the loss of each, without
            penalties.
    """

    tensor: str
    kind: str = "unknown"
    reduction: str = "unknown"
    scale: float = 1.0
    logits: str | None = None
    predictions: str | None = None
    labels: str | None = None
    label_inputs: tuple[str, ...] = ()
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    regularization: tuple[Regularization, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class _Reduction:
    op: str  # "mean", "sum" or "weighted_mean"
    axes: tuple[int, ...] | None  # None: all
    keep: bool


@dataclass(frozen=True)
class _Term:
    tensor: str
    factor: float = 1.0
    reductions: tuple[_Reduction, ...] = ()  # outermost first
    root: bool = False
    weights: str | None = None


_Form = tuple[_Term, Match]


def read_loss(graph: Graph, tensor: str, learned: Callable[[str], bool]) -> Loss:
    """Take a loss apart.

    Args:
        tensor: what is minimized.
        learned: whether a tensor depends on trainable variables: it is a prediction, no label.
    """
    penalties: dict[tuple[str, str], float] = {}
    forms: list[_Form] = []
    notes: list[str] = []
    waiting = [_Term(tensor)]
    for _ in range(10_000):
        if not waiting:
            break
        term = waiting.pop()
        penalty = _penalty(graph, term)
        if penalty is not None:
            key = (penalty.variable, penalty.kind)
            penalties[key] = penalties.get(key, 0.0) + penalty.factor
            continue
        if not term.reductions and scalar(graph, term.tensor) is not None:
            continue  # a constant changes no gradient
        match = match_form(graph, term.tensor, learned)
        if match is not None:
            forms.append((term, match))
            continue
        terms = list(_split(graph, term)) or list(_split_weighted(graph, term, learned))
        if terms:
            waiting.extend(reversed(terms))
        elif learned(term.tensor):
            notes.append(f"the loss term {term.tensor} has no known form")
    regularization = tuple(
        Regularization(variable, kind, _short(factor))
        for (variable, kind), factor in penalties.items()
    )
    loss = Loss(tensor, regularization=regularization, notes=tuple(notes))
    if not forms:
        return loss
    if len(forms) == 1 and not notes:
        return _describe(graph, loss, *forms[0])
    parts = tuple(_describe(graph, Loss(term.tensor), term, match) for term, match in forms)
    unknown = notes or any(part.kind == "unknown" for part in parts)
    # Even where it is not understood, it is worth knowing what the labels and logits are.
    return replace(
        loss,
        kind="unknown" if unknown else "sum",
        logits=parts[0].logits,
        labels=parts[0].labels,
        label_inputs=tuple(dict.fromkeys(t for part in parts for t in part.label_inputs)),
        parts=parts,
        notes=(*notes, *(note for part in parts for note in part.notes)),
    )


def summands(graph: Graph, loss: str) -> list[tuple[str, float]]:
    """The scalars that a loss is the sum of, constants among them: tensor and factor of each."""
    found: list[tuple[str, float]] = []
    waiting = [_Term(loss)]
    while waiting:
        term = waiting.pop()
        terms = list(_split(graph, term))
        plain = all(not t.reductions and not t.root and t.weights is None for t in terms)
        if terms and plain and all(graph.shape(t.tensor) in ((), (1,)) for t in terms):
            waiting.extend(reversed(terms))
        else:
            found.append((term.tensor, _short(term.factor)))
    return found


def _short(value: float) -> float:
    # Products of float32 constants: seven digits are all they have.
    return float(f"{value:.7g}")


_SHAPING = ("Reshape", "Squeeze", "ExpandDims")
_FEWEST_INPUTS = dict.fromkeys(("Mul", "Pow", "RealDiv", "Div", "DivNoNan", "Select"), 2)


def _split(graph: Graph, term: _Term) -> Iterator[_Term]:
    """The terms one is made of; nothing where it is not made of terms."""
    node = beneath(graph, term.tensor)
    if node is None or len(node.inputs) < _FEWEST_INPUTS.get(node.op, 1):
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


def _split_scaled(graph: Graph, term: _Term, node: Node) -> Iterator[_Term]:
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
        mean = _Reduction("weighted_mean", None, False)
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
            batch = _Reduction("mean", (0,) if rest else None, False)
            inner = [_Reduction("sum", rest, False)] if rest else []
            yield replace(term, tensor=total, reductions=(batch, *inner))
    elif _counts_elements(graph, node.inputs[1]):
        mean = _Reduction("mean", None, False)
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


def _split_weighted(graph: Graph, term: _Term, learned: Callable[[str], bool]) -> Iterator[_Term]:
    """A loss of examples times weights that are given: a mask, or what an action was worth."""
    node = beneath(graph, term.tensor)
    if node is None or node.op != "Mul" or term.weights is not None or not term.reductions:
        return
    for one, other in operands(node):
        if learned(one) and not learned(other):
            yield replace(term, tensor=one, weights=other)


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


def _split_reduction(graph: Graph, term: _Term, node: Node) -> Iterator[_Term]:
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
        reduction = _Reduction(node.op.lower(), _axes(graph, node), keep)
        yield replace(term, tensor=inner, reductions=(*term.reductions, reduction))


def _axes(graph: Graph, node: Node) -> tuple[int, ...] | None:
    value = static_value(graph, node.inputs[1]) if len(node.inputs) > 1 else None
    shape = graph.shape(node.inputs[0])
    if value is None or value.dtype.kind not in "iu":
        return None
    if shape is not None and value.size == len(shape):
        return None
    return tuple(int(axis) for axis in value.ravel())


def _penalty(graph: Graph, term: _Term) -> Regularization | None:
    node = beneath(graph, term.tensor)
    if node is None or len(node.inputs) < _FEWEST_INPUTS.get(node.op, 1):
        return None
    if node.op == "L2Loss":
        variable = variable_of(graph, node.inputs[0])
        return Regularization(variable, "l2", term.factor) if variable else None
    kind, factor, inner = None, term.factor, node.inputs[:1]
    squares = node.op == "Square"
    squares |= node.op == "Mul" and len(set(node.inputs)) == 1
    squares |= node.op == "Pow" and scalar(graph, node.inputs[1]) == 2.0
    if squares:
        kind, factor = "l2", 2 * factor  # l2_loss is half the sum of squares
    elif node.op == "Abs":
        kind = "l1"
    variable = variable_of(graph, inner[0]) if kind else None
    if variable is None or kind is None or len(term.reductions) != 1:
        return None
    if term.reductions[0].axes is not None:
        return None
    if term.reductions[0].op == "mean":
        shape = graph.shape(f"{variable}:0") or graph.nodes[variable].attrs.get("shape")
        if shape is None or None in shape:
            return None
        factor /= math.prod(size or 0 for size in shape) or 1
    return Regularization(variable, kind, factor)


def _describe(graph: Graph, loss: Loss, term: _Term, match: Match) -> Loss:
    kind, scale = match.kind, term.factor * match.factor
    reduction, share = _summarize(term, match)
    if term.weights is not None and not _weighs_rows(graph, term, match):
        share = None
    if term.root:
        kind = "root_mean_squared_error" if match.kind == "squared_error" else "unknown"
    if share is None or scale <= 0:
        note = "its reduction over axes has no known form" if share is None else "it is maximized"
        return replace(
            loss, logits=match.logits, labels=match.labels, notes=(*loss.notes, f"the loss: {note}")
        )
    size = (
        None
        if match.shape is None or None in match.shape
        else math.prod(side or 0 for side in match.shape)
    )
    if reduction == "sum" and size and abs(scale * share * size - 1) < 1e-5:
        reduction, scale = "mean", 1 / share  # a sum over a batch of fixed size, divided by it
    options = dict(match.options)
    labels = match.labels
    encoded = through(graph, labels, "OneHot") if labels else None
    if encoded is not None:
        labels = encoded.inputs[0]
        depth = scalar(graph, encoded.inputs[1])
        options["one_hot"] = None if depth is None else int(depth)
    return replace(
        loss,
        kind=kind,
        reduction=reduction,
        scale=_short(scale * share),
        logits=match.logits,
        predictions=match.predictions,
        labels=labels,
        label_inputs=tuple(data_sources(graph, labels)) if labels else (),
        weights=term.weights,
        options=options,
    )


def _weighs_rows(graph: Graph, term: _Term, match: Match) -> bool:
    """Whether one reduction is taken over the losses of rows, each with a weight of its own."""
    assert term.weights is not None
    shape = graph.shape(beneath_shape(graph, term.weights))
    labels = graph.shape(beneath_shape(graph, match.labels)) if match.labels else None
    rank = None if labels is None else len(labels) - (match.kind == "softmax_cross_entropy")
    alike = shape is not None and rank is not None and len(shape) == rank
    return alike and match.rows and len(term.reductions) == 1 and term.reductions[0].axes is None


def _summarize(term: _Term, match: Match) -> tuple[str, float | None]:
    """Reduction over examples, and the factor that the other axes' reductions leave over.

    The factor is relative to what :class:`Loss` says of the kind; None where a size is unknown.
    """
    reductions = term.reductions
    if match.kind == "squared_error" and match.options.get("summed"):  # l2_loss sums itself
        return "sum", 1.0
    if not reductions:  # tf.gradients sums what is left
        return "sum", 1.0
    shape = match.shape
    by_class = match.kind not in ELEMENTWISE_KINDS and not match.rows
    if len(reductions) == 1 and reductions[0].axes is None:
        op = reductions[0].op
        if op in ("sum", "weighted_mean") or not by_class:
            return op, 1.0
        classes = shape[-1] if shape else None
        return op, None if classes is None else 1 / classes
    if shape is None:
        return "unknown", None
    ops = _by_axis(reductions, len(shape))
    if ops is None:
        return "unknown", None
    batch = ops[0] or "sum"
    share = 1.0
    for axis, taken in enumerate(ops[1:], start=1):
        is_class = by_class and axis == len(shape) - 1
        natural = "sum" if is_class else batch
        if (taken or "sum") != natural:
            size = shape[axis]
            if size is None:
                return "unknown", None
            share *= size if natural == "mean" else 1 / size
    return batch, share


def _by_axis(reductions: tuple[_Reduction, ...], rank: int) -> list[str | None] | None:
    """Which reduction takes each axis of the elementwise loss."""
    ops: list[str | None] = [None] * rank
    left = list(range(rank))
    for reduction in reversed(reductions):
        axes = range(len(left)) if reduction.axes is None else reduction.axes
        if any(not -len(left) <= axis < len(left) for axis in axes):
            return None
        taken = [left[axis] for axis in axes]
        for axis in taken:
            ops[axis] = ops[axis] or reduction.op
        if not reduction.keep:
            left = [axis for axis in left if axis not in taken]
    return ops
