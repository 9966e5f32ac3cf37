"""Batch normalization in the forms of TensorFlow 1 code; layer and instance normalization."""

from __future__ import annotations

import numpy as np

from ..plan import Recipe, Value, constant
from .builder import Builder
from .convolution import to_channels_first, to_channels_last
from .registry import Match, pattern
from .view import View, shortest

# tensorflow/core/kernels/fused_batch_norm_op.cc of 1.15: CUDNN_BN_MIN_EPSILON, on CPU too.
SMALLEST_FUSED_EPSILON = 1.001e-5


@pattern(
    "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
    keras="BatchNormalization, BatchNormalizationByBatch (own class)",
)  # fmt: skip
def fused_batch_normalization(view: View, tensor: str) -> Match | None:
    """Fused batch normalization with moving statistics, or always with the batch's own.

    The latter is what ``training=True`` in a program makes of it, as the generator of a GAN has it.
    """
    node = view.graph.node(tensor)
    if not tensor.endswith(":0"):
        return None
    gamma, beta, mean, variance = (view.recipe(source) for source in node.inputs[1:5])
    if gamma is None or beta is None:
        return None
    training = bool(node.attrs.get("is_training", True))
    if training:
        mean, variance = moving_statistics(view, gamma, beta)
    if mean is None or variance is None:
        return None
    epsilon = max(shortest(np.float32(node.attrs.get("epsilon", 1e-4))), SMALLEST_FUSED_EPSILON)
    first = str(node.attrs.get("data_format", "NHWC")).startswith("NC")
    return by_statistics(node.inputs[0], gamma, beta, mean, variance, epsilon, first, training)


def moving_statistics(view: View, gamma: Recipe, beta: Recipe) -> tuple[Recipe, Recipe]:
    """The statistics that are kept beside gamma and beta, which only an update takes.

    They go by the names of tf.layers, contrib and slim; where there are none, as Keras begins.
    """
    scope = (*gamma.sources, *beta.sources, "")[0].rpartition("/")[0]
    begin = {"moving_mean": np.zeros_like, "moving_variance": np.ones_like}
    mean, variance = (
        view.variables.get(f"{scope}/{name}") or constant(made(np.empty(gamma.shape, np.float32)))
        for name, made in begin.items()
    )
    return mean, variance


@pattern("Add", "AddV2", keras="BatchNormalization")
def batch_normalization(view: View, tensor: str) -> Match | None:
    """``x * scale + (beta - mean * scale)`` with ``scale = rsqrt(variance + epsilon) * gamma``.

    This is how tf.nn.batch_normalization composes it (tensorflow/python/ops/nn_impl.py).
    """
    node = view.graph.node(tensor)
    for scaled, shifted in (node.inputs, node.inputs[::-1]):
        product = view.produced(scaled, "Mul")
        shift = view.recipe(shifted)
        if product is None or shift is None or not shift.sources:
            continue
        for x, scale in (product.inputs, product.inputs[::-1]):
            found = _scale(view, scale)
            if found is None or view.recipe(x) is not None:
                continue
            gamma, variance, epsilon = found
            parts = _shift(view, shifted, scale)
            if parts is None:
                continue
            beta, mean = parts
            if mean is None or len(mean.shape) != 1:
                continue
            return by_statistics(x, gamma, beta, mean, variance, epsilon, False)
    return None


def _scale(view: View, tensor: str) -> tuple[Recipe | None, Recipe, float] | None:
    """gamma, variance and epsilon of ``rsqrt(variance + epsilon) * gamma``."""
    node = view.node(tensor)
    gamma: Recipe | None = None
    if node.op == "Mul":
        sides = [view.node(source).op == "Rsqrt" for source in node.inputs]
        if sides.count(True) != 1:
            return None
        gamma = view.recipe(node.inputs[sides.index(False)])
        node = view.node(node.inputs[sides.index(True)])
        if gamma is None:
            return None
    if node.op != "Rsqrt":
        return None
    total = view.node(node.inputs[0])
    if total.op not in ("Add", "AddV2"):
        return None
    for source, added in (total.inputs, total.inputs[::-1]):
        epsilon, variance = view.scalar(added), view.recipe(source)
        if epsilon is not None and variance is not None and len(variance.shape) == 1:
            return gamma, variance, float(epsilon)
    return None


def _shift(view: View, tensor: str, scale: str) -> tuple[Recipe | None, Recipe | None] | None:
    """beta and mean of ``beta - mean * scale``; no beta where it is ``-mean * scale``."""
    node = view.node(tensor)
    if node.op == "Sub":
        beta, product = view.recipe(node.inputs[0]), view.node(node.inputs[1])
        if product.op == "Mul":
            for mean, factor in (product.inputs, product.inputs[::-1]):
                if view.resolve(factor) == view.resolve(scale):
                    return beta, view.recipe(mean)
    if node.op == "Mul":  # (-mean) * scale, and mean * -scale
        for mean, factor in (node.inputs, node.inputs[::-1]):
            negated = view.node(mean)
            if negated.op == "Neg" and view.resolve(factor) == view.resolve(scale):
                return None, view.recipe(negated.inputs[0])
    return None


def by_statistics(
    x: str, gamma: Recipe | None, beta: Recipe | None, mean: Recipe, variance: Recipe,
    epsilon: float, channels_first: bool, training: bool = False,
) -> Match:  # fmt: skip
    """The layer for batch normalization by statistics, or (``training``) by the batch's own."""

    def build(builder: Builder, value: Value) -> Value:
        scale = None if gamma is None or _is(gamma, 1.0) else gamma
        offset = None if beta is None or _is(beta, 0.0) else beta
        weights = {"gamma": scale, "beta": offset, "moving_mean": mean}
        weights["moving_variance"] = variance
        arguments = {
            "epsilon": None if epsilon == 0.001 else epsilon,
            "center": None if offset is not None else False,
            "scale": None if scale is not None else False,
        }
        if value.shape is None:
            builder.refine(value, (None, mean.shape[0]))
        rank = len(value.shape or ()) - 2
        if channels_first:
            value = to_channels_last(builder, value, rank)
        kept = {key: recipe for key, recipe in weights.items() if recipe is not None}
        kind = "BatchNormalizationByBatch" if training else "BatchNormalization"
        value = builder.layer(kind, arguments, value, weights=kept, shape=value.shape)
        return to_channels_first(builder, value, rank) if channels_first else value

    return Match([x], build)


def _is(recipe: Recipe, number: float) -> bool:
    """Whether a recipe is a constant of this number throughout."""
    if recipe.sources:
        return False
    return bool(np.all(recipe.make(lambda name: np.empty(0)) == number))
