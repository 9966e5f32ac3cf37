"""The weights of a plan as the ``state_dict`` of PyTorch modules: names, shapes, order of axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import listed, printable
from .channels import Order, channel_orders
from .network import Layer, Network
from .recipe import Recipe, concatenate, constant

_UNTOUCHED = "unchanged"
_EPSILON = 1e-3  # of Keras's normalization layers; PyTorch's is 1e-5


@dataclass(frozen=True)
class Parameter:
    """One tensor of the ``state_dict``.

    Attributes:
        name: ``layer.weight``; of a variable without a counterpart, ``layer/variable``.
        recipe: how it is made.
        target: the variable of the Keras model, or "" for one that only PyTorch has.
        shape: of that variable.
        done: what was done to it, in words.
        counterpart: whether a module of PyTorch has it.
    """

    name: str
    recipe: Recipe
    target: str
    shape: tuple[int, ...]
    done: str
    counterpart: bool = True


@dataclass(frozen=True)
class _Part:
    """A tensor of one layer: its name below the layer, the variable that it is made of."""

    name: str
    path: str
    recipe: Recipe
    done: str


def state_dict_of(plan: Network) -> tuple[list[Parameter], list[str]]:
    """Every weight of a plan, in its order, and warnings of what a module must do itself."""
    orders, warnings = channel_orders(plan)
    held: dict[str, dict[str, Recipe]] = {}
    for weight in plan.weights:
        layer, _, path = weight.target.partition("/")
        held.setdefault(layer, {})[path] = weight.recipe
    layers = {layer.name: layer for layer in plan.layers}
    found: list[Parameter] = []
    for name, weights in held.items():
        known = layers.get(name)
        made, why = _parts(known, weights, orders.get(name)) if known is not None else ([], "")
        if made:
            found += [
                Parameter(
                    f"{name.replace('.', '_')}.{part.name}",
                    part.recipe,
                    f"{name}/{part.path}" if part.path else "",
                    weights[part.path].shape if part.path else (),
                    part.done,
                )
                for part in made
            ]
            continue
        why = why or f"PyTorch has no module for {known.kind if known is not None else 'it'}"
        found += [
            Parameter(f"{name}/{path}", recipe, f"{name}/{path}", recipe.shape, why, False)
            for path, recipe in weights.items()
        ]
    if alone := [entry.name for entry in found if not entry.counterpart]:
        named = listed([printable(name, 60) for name in alone])
        warnings.append(
            f"No module of PyTorch has {named}: they keep their names and shapes. With "
            "load_state_dict(strict=True), the module needs parameters of these names."
        )
    return found, warnings


def _parts(
    layer: Layer, weights: Mapping[str, Recipe], order: Order | None
) -> tuple[list[_Part], str]:
    """The tensors of one layer; or none, and the reason where PyTorch's module computes another
    function.
    """
    kind = layer.kind
    if kind in _RECURRENT:
        prefix = f"{kind.lower().replace('simplernn', 'simple_rnn')}_cell/"
        return _recurrent(layer, weights, prefix, "")
    if kind == "Bidirectional":
        return _bidirectional(layer, weights)
    handler = _HANDLERS.get(kind)
    if handler is None:
        return [], ""
    return handler(layer, dict(weights), order), ""


def _bidirectional(layer: Layer, weights: Mapping[str, Recipe]) -> tuple[list[_Part], str]:
    wrapped = layer.arguments["layer"]
    if layer.arguments.get("merge_mode", "concat") != "concat" or wrapped.kind not in _RECURRENT:
        return [], f"PyTorch has no module for Bidirectional around {wrapped.kind}"
    found: list[_Part] = []
    for way, ending in (("forward", ""), ("backward", "_reverse")):
        cell = next((p for p in weights if p.startswith(f"{way}_") and p.count("/") == 2), "")
        parts, why = _recurrent(wrapped, weights, cell.rpartition("/")[0] + "/", ending)
        if why:
            return [], why
        found += parts
    return found, ""


# Kind → the gates' blocks of Keras in PyTorch's order. An LSTM has i, f, g, o in both; a GRU has
# z, r, n in Keras and r, z, n in PyTorch.
_RECURRENT = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,)}


def _recurrent(
    layer: Layer, weights: Mapping[str, Recipe], prefix: str, ending: str
) -> tuple[list[_Part], str]:
    """``weight_ih_l0`` and the others, which ``torch.nn.LSTM``, ``GRU`` and ``RNN`` share."""
    given, kind = layer.arguments, layer.kind
    activation = given.get("activation", "tanh")
    usual = ("tanh", "relu") if kind == "SimpleRNN" else ("tanh",)
    if activation not in usual or given.get("recurrent_activation", "sigmoid") != "sigmoid":
        return [], f"the {kind} of PyTorch has other activations"
    if kind == "GRU" and given.get("reset_after") is False:
        return [], "the GRU of PyTorch applies the reset gate after the product (reset_after)"
    gates = _RECURRENT[kind]
    moved = gates != tuple(range(len(gates)))
    turned = "transpose; gates z, r, n to r, z, n" if moved else "transpose"
    found = []
    for path, name in (("kernel", "weight_ih_l0"), ("recurrent_kernel", "weight_hh_l0")):
        recipe = _gates(weights[f"{prefix}{path}"].transpose(), gates)
        found.append(_Part(f"{name}{ending}", f"{prefix}{path}", recipe, turned))
    path = f"{prefix}bias"
    if path not in weights:
        return found, ""
    bias = weights[path]
    outer, inner = bias, constant(np.zeros(bias.shape[-1:], bias.dtype), "zeros")
    if len(bias.shape) == 2:
        outer = bias.then("row 0", lambda a: a[0])
        inner = bias.then("row 1", lambda a: a[1])
    sorted_ = "gates z, r, n to r, z, n" if moved else _UNTOUCHED
    first = f"row 0; {sorted_}" if len(bias.shape) == 2 else sorted_
    second = f"row 1; {sorted_}" if len(bias.shape) == 2 else "zeros: Keras has one bias"
    found.append(_Part(f"bias_ih_l0{ending}", path, _gates(outer, gates), first))
    inner_path = path if len(bias.shape) == 2 else ""
    found.append(_Part(f"bias_hh_l0{ending}", inner_path, _gates(inner, gates), second))
    return found, ""


def _gates(recipe: Recipe, order: Sequence[int]) -> Recipe:
    """Equal blocks along the first axis, in another order."""
    size = recipe.shape[0] // len(order)
    return concatenate([recipe.rows(at * size, (at + 1) * size) for at in order], 0)


def _dense(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    kernel, done = weights["kernel"], "transpose"
    if order is not None:
        kernel, done = order.of_rows(kernel), f"{order}; transpose"
    return [_Part("weight", "kernel", kernel.transpose(), done), *_bias(weights)]


def _convolution(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    return [_Part("weight", "kernel", *_kernel(weights["kernel"])), *_bias(weights)]


def _kernel(kernel: Recipe) -> tuple[Recipe, str]:
    """(…, in, out) → (out, in, …); of a transposed convolution (…, out, in) → (in, out, …)."""
    last = len(kernel.shape) - 1
    turned = kernel.transpose(last, last - 1, *range(last - 1))
    return turned, turned.text


def _depthwise(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    return [_Part("weight", "kernel", *_by_channel(weights["kernel"])), *_bias(weights)]


def _by_channel(kernel: Recipe) -> tuple[Recipe, str]:
    """(…, in, multiplier) → (in * multiplier, 1, …), with ``groups=in``."""
    *sizes, channels, multiplier = kernel.shape
    axes = range(len(sizes))
    turned = kernel.transpose(len(sizes), len(sizes) + 1, *axes)
    done = f"channels first; a convolution with groups={channels}"
    return turned.reshape(channels * multiplier, 1, *sizes), done


def _separable(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    bias = [_Part(f"pointwise.{p.name}", p.path, p.recipe, p.done) for p in _bias(weights)]
    depthwise = _by_channel(weights["depthwise_kernel"])
    pointwise = _kernel(weights["pointwise_kernel"])
    return [
        _Part("depthwise.weight", "depthwise_kernel", *depthwise),
        _Part("pointwise.weight", "pointwise_kernel", *pointwise),
        *bias,
    ]


def _bias(weights: Mapping[str, Recipe]) -> list[_Part]:
    return [_Part("bias", "bias", weights["bias"], _UNTOUCHED)] if "bias" in weights else []


def _normalization(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    """gamma, beta and moving statistics; a missing gamma is ones, a missing beta zeros."""
    epsilon = f"eps={layer.arguments.get('epsilon', _EPSILON):g}"
    like = next(iter(weights.values()))
    found = []
    for name, path, fill in (("weight", "gamma", 1), ("bias", "beta", 0)):
        if path in weights:
            found.append(_vector(name, path, weights[path], order))
        elif {"gamma", "beta"} & weights.keys():
            array = np.full(like.shape, fill, like.dtype)
            done = f"{'ones' if fill else 'zeros'}: Keras has no {path}"
            found.append(_Part(name, "", constant(array, "constant"), done))
    for name, path in (("running_mean", "moving_mean"), ("running_var", "moving_variance")):
        if path in weights:
            found.append(_vector(name, path, weights[path], order))
    if "moving_mean" in weights:
        counted = constant(np.zeros((), np.int64), "zero")
        affine = "" if found[0].name == "weight" else ", affine=False"
        done = f"0; the module has {epsilon}{affine}"
        found.append(_Part("num_batches_tracked", "", counted, done))
        return found
    first, *others = found
    return [_Part(first.name, first.path, first.recipe, f"{first.done}; {epsilon}"), *others]


def _vector(name: str, path: str, recipe: Recipe, order: Order | None) -> _Part:
    if order is None:
        return _Part(name, path, recipe, _UNTOUCHED)
    return _Part(name, path, order.of_rows(recipe), str(order))


def _embedding(layer: Layer, weights: dict[str, Recipe], order: Order | None) -> list[_Part]:
    (path,) = weights
    return [_Part("weight", path, weights[path], _UNTOUCHED)]


def _layer_normalization(
    layer: Layer, weights: dict[str, Recipe], order: Order | None
) -> list[_Part]:
    axis = layer.arguments.get("axis", -1)
    if axis not in (-1, [-1], (-1,)) or any(len(r.shape) != 1 for r in weights.values()):
        return []
    return _normalization(layer, weights, order)


_Handler = Callable[[Layer, dict[str, Recipe], "Order | None"], list[_Part]]
_HANDLERS: dict[str, _Handler] = {
    "Dense": _dense,
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _convolution),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _convolution),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _separable),
    **dict.fromkeys(
        (
            "BatchNormalization",
            "BatchNormalizationByBatch",
            "FixedBatchNormalization",
            "CorrectedBatchNormalization",
            "FusedBatchNormalization",
            "GroupNormalization",
        ),
        _normalization,
    ),
    "LayerNormalization": _layer_normalization,
    "Embedding": _embedding,
}
