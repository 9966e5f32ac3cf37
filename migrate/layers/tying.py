"""Two layers of one variable as one layer, which is called forward and in reverse."""

from __future__ import annotations

import math

import numpy as np

from ..plan import Call, Layer, Recipe
from .builder import Builder

_LARGEST = 1 << 24  # numbers that are moved to and fro to see whether two recipes agree
_WEIGHTS = {"Dense": "kernel", "Embedding": "embeddings"}


def tie(builder: Builder) -> None:
    """Makes a dense layer whose kernel is another's transposed a call of that other layer.

    So it does with a transposed convolution that has the kernel of a convolution.
    """
    earlier: dict[tuple[str, ...], list[Layer]] = {}  # by the variables of their weights
    for layer in builder.plan.layers:
        if layer.kind == "Conv2DTranspose":
            _tie_convolution(builder, layer)
        if layer.kind.removeprefix("Reversible") not in _WEIGHTS:
            continue
        weights = _weights(builder, layer)
        others = earlier.setdefault(tuple(weights.sources), [])
        if layer.kind == "Dense" and "activation" not in layer.arguments:
            tied = (o for o in others if _is_transposed(weights, _weights(builder, o)))
            if (other := next(tied, None)) is not None:
                other.kind = f"Reversible{other.kind.removeprefix('Reversible')}"
                _call_in_reverse(builder, layer, other)
                continue
        others.append(layer)


def _weights(builder: Builder, layer: Layer) -> Recipe:
    return builder.weights_of(layer)[_WEIGHTS[layer.kind.removeprefix("Reversible")]]


def _tie_convolution(builder: Builder, layer: Layer) -> None:
    plan, own = builder.plan, builder.weights_of(layer)["kernel"]
    alike = ("kernel_size", "strides", "padding", "dilation_rate", "groups", "data_format")
    free = ("activation", "output_padding", "data_format", "dilation_rate", "groups")
    if any(layer.arguments.get(key) is not None for key in free):
        return
    for other in plan.layers[: plan.layers.index(layer)]:
        if other.kind not in ("Conv2D", "ReversibleConv2D"):
            continue
        same = all(layer.arguments.get(key) == other.arguments.get(key) for key in alike)
        if same and _is_same(own, builder.weights_of(other)["kernel"]):
            other.kind = "ReversibleConv2D"
            _call_in_reverse(builder, layer, other)
            return


def _is_same(one: Recipe, other: Recipe) -> bool:
    """Whether two arrays are the same variable as it is."""
    return one.is_variable and other.is_variable and one.sources == other.sources


def _is_transposed(one: Recipe, other: Recipe) -> bool:
    """Whether one array is the other's transpose, of the same variable."""
    if one.sources != other.sources or len(one.sources) != 1 or one.shape != other.shape[::-1]:
        return False
    if not (one.only_moves and other.only_moves) or math.prod(one.shape) > _LARGEST:
        return False
    shape = next(leaf.shape for leaf in _leaves(one))
    probe = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    first, second = (np.asarray(recipe.make(lambda name: probe)) for recipe in (one, other))
    return first.shape == second.T.shape and bool(np.array_equal(first, second.T))


def _leaves(recipe: Recipe) -> list[Recipe]:
    if recipe.is_variable:
        return [recipe]
    return [leaf for parent in recipe.parents for leaf in _leaves(parent)]


def _call_in_reverse(builder: Builder, layer: Layer, other: Layer) -> None:
    """Puts calls of another layer, and of a bias, in place of a layer's."""
    plan = builder.plan
    bias_recipe = builder.weights_of(layer).get("bias")
    bias = Layer("", "Bias", {"shape": bias_recipe.shape}) if bias_recipe is not None else None
    if bias is not None and bias_recipe is not None:
        builder.weights_of(bias)["bias"] = bias_recipe
        builder.set_wish(bias, builder.wish(layer))
    calls = []
    for call in plan.calls:
        if call.function is not layer:
            calls.append(call)
            continue
        product, (output,) = call.outputs[0], call.outputs
        if bias is not None:
            product = builder.value(output.shape, output.dtype)
        calls.append(Call(other, call.arguments, {"reverse": True}, (product,)))
        if bias is not None:
            calls.append(Call(bias, (product,), {}, (output,)))
    plan.calls = calls
