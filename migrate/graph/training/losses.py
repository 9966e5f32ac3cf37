"""The loss of a training graph, taken apart: data term, reduction, labels, regularization."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..nodes import Graph
from ..sources import data_sources
from ..variables import variable_of
from .loss_forms import (
    ELEMENTWISE_KINDS,
    Match,
    beneath,
    match_form,
    through,
)
from .loss_terms import (
    FEWEST_INPUTS,
    Reduction,
    Term,
    beneath_factor,
    beneath_shape,
    short,
    split_term,
    split_weighted,
)
from .optimizers import scalar


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


_Form = tuple[Term, Match]


def read_loss(graph: Graph, tensor: str, learned: Callable[[str], bool]) -> Loss:
    """Take a loss apart.

    Args:
        tensor: what is minimized.
        learned: whether a tensor depends on trainable variables: it is a prediction, no label.
    """
    penalties: dict[tuple[str, str], float] = {}
    forms: list[_Form] = []
    notes: list[str] = []
    waiting = [Term(tensor)]
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
        terms = list(split_term(graph, term)) or list(split_weighted(graph, term, learned))
        if terms:
            waiting.extend(reversed(terms))
        elif inner := beneath_factor(graph, term):
            notes.append(f"the loss term {term.tensor} has a trained factor")
            waiting.append(inner)
        elif learned(term.tensor):
            notes.append(f"the form of the loss term {term.tensor} is not recognized")
    regularization = tuple(
        Regularization(variable, kind, short(factor))
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
    waiting = [Term(loss)]
    while waiting:
        term = waiting.pop()
        terms = list(split_term(graph, term))
        plain = all(not t.reductions and not t.root and t.weights is None for t in terms)
        if terms and plain and all(graph.shape(t.tensor) in ((), (1,)) for t in terms):
            waiting.extend(reversed(terms))
        else:
            found.append((term.tensor, short(term.factor)))
    return found


def _penalty(graph: Graph, term: Term) -> Regularization | None:
    node = beneath(graph, term.tensor)
    if node is None or len(node.inputs) < FEWEST_INPUTS.get(node.op, 1):
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


def _describe(graph: Graph, loss: Loss, term: Term, match: Match) -> Loss:
    kind, scale = match.kind, term.factor * match.factor
    reduction, share = _summarize(term, match)
    if term.weights is not None and not _weighs_rows(graph, term, match):
        share = None
    if term.root:
        kind = "root_mean_squared_error" if match.kind == "squared_error" else "unknown"
    if share is None or scale <= 0:
        note = "its reduction over axes is not recognized" if share is None else "it is maximized"
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
        scale=short(scale * share),
        logits=match.logits,
        predictions=match.predictions,
        labels=labels,
        label_inputs=tuple(data_sources(graph, labels)) if labels else (),
        weights=term.weights,
        options=options,
    )


def _weighs_rows(graph: Graph, term: Term, match: Match) -> bool:
    """Whether one reduction is taken over the losses of rows, each with a weight of its own."""
    assert term.weights is not None
    shape = graph.shape(beneath_shape(graph, term.weights))
    labels = graph.shape(beneath_shape(graph, match.labels)) if match.labels else None
    rank = None if labels is None else len(labels) - (match.kind == "softmax_cross_entropy")
    alike = shape is not None and rank is not None and len(shape) == rank
    return alike and match.rows and len(term.reductions) == 1 and term.reductions[0].axes is None


def _summarize(term: Term, match: Match) -> tuple[str, float | None]:
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


def _by_axis(reductions: tuple[Reduction, ...], rank: int) -> list[str | None] | None:
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
