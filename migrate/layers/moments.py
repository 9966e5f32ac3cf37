"""Layer, instance and group normalization: by the moments of each example."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..graph.constants import axes_or_sizes
from ..plan import Recipe, Value
from .builder import Builder
from .registry import Match, pattern
from .view import View


@dataclass(frozen=True)
class _Normalized:
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta``, the moments over ``axes``.

    Attributes:
        x: a tensor of known rank.
        axes: counted from 0, in order.
    """

    x: str
    axes: tuple[int, ...]
    epsilon: float
    gamma: Recipe | None = None
    beta: Recipe | None = None


@pattern(
    "Add", "AddV2", "Mul", "RealDiv", "Div", "Reshape",
    keras="LayerNormalization, GroupNormalization",
)  # fmt: skip
def normalization_by_moments(view: View, tensor: str) -> Match | None:
    """Layer, instance and group normalization, of tf.contrib and written out."""
    found = _affine(view, tensor)
    if found is None:
        return None
    return _grouped(view, found) or _layer(view, found)


def _affine(view: View, tensor: str) -> _Normalized | None:
    """A normalized tensor, with a scale and an offset or without."""
    node = view.node(tensor)
    if node.op in ("Add", "AddV2"):
        for side, other in (node.inputs, node.inputs[::-1]):
            beta = view.recipe(other)
            if beta is not None:
                inner = _affine(view, side) if view.uses(side) == 1 else None
                if inner is not None and inner.beta is None and _per_channel(view, inner, beta):
                    return replace(inner, beta=beta.reshape(beta.shape[-1]))
            elif (composed := _composed(view, side, other)) is not None:
                return composed
        return None
    if node.op == "Mul":
        for side, other in (node.inputs, node.inputs[::-1]):
            gamma = view.recipe(other)
            if gamma is None or view.uses(side) != 1:
                continue
            inner = _affine(view, side)
            bare = inner is not None and inner.gamma is None and inner.beta is None
            if inner is not None and bare and _per_channel(view, inner, gamma):
                return replace(inner, gamma=gamma.reshape(gamma.shape[-1]))
    if node.op == "Reshape" and view.uses(node.inputs[0]) == 1:
        return _ungrouped(view, tensor)
    return _plain(view, tensor)


def _per_channel(view: View, found: _Normalized, weight: Recipe) -> bool:
    """Whether a weight has one number for each of the last axis."""
    shape = view.shape(found.x)
    last = weight.shape[-1:]
    alone = all(size == 1 for size in weight.shape[:-1])
    return bool(weight.shape) and alone and shape is not None and (shape[-1],) == last


def _composed(view: View, scaled: str, shifted: str) -> _Normalized | None:
    """``x * s + (beta - mean * s)`` with ``s = rsqrt(variance + epsilon) * gamma``.

    This is how tf.nn.batch_normalization composes it (tensorflow/python/ops/nn_impl.py).
    """
    product, shift = view.produced(scaled, "Mul"), view.produced(shifted, "Sub", "Mul")
    if product is None or shift is None:
        return None
    for x, factor in (product.inputs, product.inputs[::-1]):
        gamma, inverse = None, view.node(factor)
        if inverse.op == "Mul":
            for side, other in (inverse.inputs, inverse.inputs[::-1]):
                if view.node(side).op == "Rsqrt" and (weight := view.recipe(other)) is not None:
                    gamma, inverse = weight, view.node(side)
                    break
        if inverse.op != "Rsqrt":
            continue
        found = _from_variance(view, x, None, inverse.inputs[0])
        if found is None:
            continue
        plain, mean = found
        beta: Recipe | None = None
        product_of_mean = shift.inputs
        if shift.op == "Sub":
            beta = view.recipe(shift.inputs[0])
            inner = view.produced(shift.inputs[1], "Mul")
            if beta is None or inner is None or not _per_channel(view, plain, beta):
                return None
            product_of_mean, beta = inner.inputs, beta.reshape(beta.shape[-1])
        sides = {view.resolve(source) for source in product_of_mean}
        if shift.op == "Mul":  # -mean * s
            negated = [n for s in product_of_mean if (n := view.node(s)).op == "Neg"]
            if len(negated) != 1:
                return None
            sides = {*sides, view.resolve(negated[0].inputs[0])}
        if not {view.resolve(mean), view.resolve(factor)} <= sides:
            return None
        if gamma is not None:
            if not _per_channel(view, plain, gamma):
                return None
            gamma = gamma.reshape(gamma.shape[-1])
        return replace(plain, gamma=gamma, beta=beta)
    return None


def _plain(view: View, tensor: str) -> _Normalized | None:
    """``(x - mean)`` over the root of ``variance + epsilon``, in three spellings."""
    node = view.node(tensor)
    if node.op in ("RealDiv", "Div"):
        root = view.node(node.inputs[1])
        half = root.op == "Pow" and view.scalar(root.inputs[1]) == 0.5
        pairs = [(node.inputs[0], root.inputs[0])] if root.op == "Sqrt" or half else []
    elif node.op == "Mul":
        ways = (node.inputs, node.inputs[::-1])
        pairs = [(a, r.inputs[0]) for a, b in ways if (r := view.node(b)).op == "Rsqrt"]
    else:
        return None
    for centered, rooted in pairs:
        difference, total = view.node(centered), _unclipped(view, rooted)
        if difference.op == "Sub":
            found = _from_variance(view, difference.inputs[0], difference.inputs[1], total)
            if found is not None:
                return found[0]
    return None


def _unclipped(view: View, tensor: str) -> str:
    """What is not less than 0 before ``max(min(x, inf), 0)``, as K.sqrt has it."""
    while (node := view.node(tensor)).op in ("Minimum", "Maximum"):
        limits = {"Minimum": float("inf"), "Maximum": 0.0}
        rest = [t for t in node.inputs if view.scalar(t) != limits[node.op]]
        if len(rest) != 1:
            break
        tensor = rest[0]
    return tensor


def _from_variance(
    view: View, x: str, mean: str | None, total: str
) -> tuple[_Normalized, str] | None:
    """The moments in ``variance + epsilon``; the mean is given back where it is not given."""
    added = view.node(total)
    if added.op not in ("Add", "AddV2") or view.recipe(x) is not None:
        return None
    shape = view.shape(x)
    for source, other in (added.inputs, added.inputs[::-1]):
        epsilon, variance = view.scalar(other), _mean(view, source)
        if epsilon is None or variance is None or shape is None:
            continue
        squares, axes = view.node(variance[0]), variance[1]
        if squares.op == "Square":
            squares = view.node(squares.inputs[0])
            if squares.op != "Sub":
                continue
        elif squares.op != "SquaredDifference":
            continue
        ends = [view.resolve(source) for source in squares.inputs]
        if view.resolve(x) not in ends:
            continue
        center = next((end for end in ends if end != view.resolve(x)), "")
        averaged = _mean(view, center) if center else None
        if averaged is None or view.resolve(averaged[0]) != view.resolve(x):
            continue
        found = sorted(axis % len(shape) for axis in axes)
        if sorted(axis % len(shape) for axis in averaged[1]) != found or 0 in found:
            continue
        if mean is not None and view.resolve(mean) != center:
            again = _mean(view, mean)  # computed a second time
            if again is None or again != averaged:
                continue
        return _Normalized(view.resolve(x), tuple(found), float(epsilon)), center
    return None


def _mean(view: View, tensor: str) -> tuple[str, tuple[int, ...]] | None:
    """What a mean that keeps its dimensions is taken of, and over which axes."""
    node = view.node(tensor)
    if node.op != "Mean" or view.resolve(tensor) in view.inputs:
        return None
    axes = axes_or_sizes(view.static(node.inputs[1]))
    if axes is None or not (node.attrs.get("keep_dims") or node.attrs.get("keepdims")):
        return None
    return view.resolve(node.inputs[0]), axes


def _ungrouped(view: View, tensor: str) -> _Normalized | None:
    """``Reshape(normalized(Reshape(x, [n, h, w, groups, c / groups])))``: kept as the inner one."""
    inner = _plain(view, view.node(tensor).inputs[0])
    if inner is None:
        return None
    spread = view.node(inner.x)
    before = view.shape(spread.inputs[0]) if spread.op == "Reshape" else None
    middle, after = view.shape(inner.x), view.shape(tensor)
    if before is None or middle is None or after is None or len(middle) != len(before) + 1:
        return None
    rank = len(middle)
    if after[1:] != before[1:] or inner.axes != (*range(1, rank - 2), rank - 1):
        return None
    return replace(inner, x=view.resolve(spread.inputs[0]), axes=(-middle[-2],))  # type: ignore[operator]


def _grouped(view: View, found: _Normalized) -> Match | None:
    """``GroupNormalization``: positions of each group of channels, or of each channel."""
    shape = view.shape(found.x)
    assert shape is not None
    if found.axes[0] < 0:
        groups = -found.axes[0]
    elif len(shape) > 2 and found.axes == tuple(range(1, len(shape) - 1)):
        groups = -1
    else:
        return None
    return _match(found, "GroupNormalization", {"groups": groups}, 0.001)


def _layer(view: View, found: _Normalized) -> Match | None:
    """``LayerNormalization``; its weights cover the axes, so others are applied on their own."""
    shape = view.shape(found.x)
    assert shape is not None
    last = found.axes == (len(shape) - 1,)
    if last:
        return _match(found, "LayerNormalization", {}, 0.001)
    alone = _match(
        replace(found, gamma=None, beta=None),
        "LayerNormalization",
        {"axis": list(found.axes)},
        0.001,
    )

    def build(builder: Builder, value: Value) -> Value:
        value = alone.build(builder, value)
        for kind, path, recipe in (("Scale", "scale", found.gamma), ("Bias", "bias", found.beta)):
            if recipe is not None:
                arguments = {"shape": recipe.shape}
                weights = {path: recipe}
                value = builder.layer(kind, arguments, value, weights=weights, shape=value.shape)
        return value

    return Match(alone.inputs, build)


def _match(found: _Normalized, kind: str, arguments: dict[str, Any], usual_epsilon: float) -> Match:
    def build(builder: Builder, value: Value) -> Value:
        given = {"gamma": found.gamma, "beta": found.beta}
        weights = {key: recipe for key, recipe in given.items() if recipe is not None}
        options = {
            **arguments,
            "epsilon": None if found.epsilon == usual_epsilon else found.epsilon,
            "center": None if found.beta is not None else False,
            "scale": None if found.gamma is not None else False,
        }
        return builder.layer(kind, options, value, weights=weights, shape=value.shape)

    return Match([found.x], build)
