"""Where a network flattens an image, and in which order PyTorch has the elements then.

Keras has the channels last: a flattened image is in the order height, width, channel. PyTorch has
them first: channel, height, width. So the rows of a kernel after that are in another order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import printable
from .network import Call, Layer, Network, Value
from .recipe import Recipe

_MOVES_AXES = (
    "Permute", "transpose", "swapaxes", "moveaxis", "einsum", "tensordot", "dot", "matmul", "@",
)  # fmt: skip
_REORDERS = (*_MOVES_AXES, "flip", "roll", "cumsum", "sort", "argsort")
_RESHAPES = ("Reshape", "Flatten", "reshape")
# Their modules in PyTorch have the channels last too.
_CHANNELS_LAST = (
    "Dense", "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "Recurrence", "MultiHeadAttention",
    "DotProductAttention",
)  # fmt: skip
_PER_FEATURE = (
    "BatchNormalization", "BatchNormalizationByBatch", "FixedBatchNormalization",
    "CorrectedBatchNormalization", "FusedBatchNormalization", "LayerNormalization",
)  # fmt: skip
_WITHOUT_WEIGHTS = ("Activation", "Dropout", "ELU", "LeakyReLU", "ReLU", "Identity")


@dataclass(frozen=True)
class Order:
    """A flattened image: its shape with the channels last."""

    shape: tuple[int, ...]

    def of_rows(self, recipe: Recipe) -> Recipe:
        """The rows in the order that they have with the channels first."""
        last = len(self.shape) - 1
        places = np.arange(recipe.shape[0]).reshape(self.shape)
        rows = places.transpose(last, *range(last)).reshape(-1)
        return recipe.then(str(self), lambda a: a[rows], shape=recipe.shape, permutes=True)

    def __str__(self) -> str:
        *sizes, channels = self.shape
        return f"flattened {list(self.shape)} to {[channels, *sizes]}"


def channel_orders(plan: Network) -> tuple[dict[str, Order], list[str]]:
    """Layer → the order of what it is called on, where a flattened image reaches it.

    Returns:
        The orders, and warnings of places where a module must put the elements in order itself.
    """
    images = {id(given.value) for given in plan.inputs if len(given.value.shape or ()) == 4}
    parts: set[int] = set()  # made of images, with other axes
    flat: dict[int, Order] = {}
    used: dict[str, set[Order | None]] = {}
    warnings = []
    for call in plan.calls:
        values, made = call.values, call.outputs[0]
        if _makes_image(call, values, images):
            images.update(map(id, call.outputs))
            size = list((made.shape or ())[1:])
            if _kind(call) == "Reshape" and size[-1] != 1:
                warnings.append(
                    f"{_name(call)} makes images of the shape {printable(size)}, channels last. "
                    "PyTorch has the channels first. Reshape to this shape there, then permute."
                )
        elif order := _flattened(call, values, images):
            flat[id(made)] = order
        elif any(id(v) in parts or (id(v) in images and _channels(v) != 1) for v in values):
            if _does(call) not in _RESHAPES:
                if not _puts_channels_first(call, images):
                    parts.update(id(v) for v in call.outputs if v.shape is None or len(v.shape) > 2)
            elif sum(size != 1 for size in (values[0].shape or ())[1:]) > 1:
                warnings.append(
                    f"{_name(call)} reshapes {printable(list((values[0].shape or ())[1:]))}, "
                    "computed from images with the channels last. PyTorch has the channels first. "
                    "Put the axes in this order there before it; weights after it are unchanged."
                )
        known = [flat[id(value)] for value in values if id(value) in flat]
        if _kind(call) in ("Dense", *_PER_FEATURE):
            used.setdefault(_name(call), set()).add(known[0] if known else None)
        if not known:
            continue
        order, name = known[0], _name(call)
        if _kind(call) == "Dense":
            continue
        if _keeps_order(call, values, known):
            flat[id(made)] = order
        else:
            warnings.append(
                f"{name} depends on a flattened image of the shape {list(order.shape)}, channels "
                "last. PyTorch has the channels first. Permute the image there before it is "
                "flattened; weights after it are unchanged."
            )
    orders = {name: order for name, found in used.items() for order in found if order}
    warnings += [
        f"{name} is called on flattened images of the shape {list(orders[name].shape)} and on "
        "other values. Its weights are in the order that the images have in PyTorch. Permute the "
        "others there."
        for name, found in used.items()
        if name in orders and len(found) > 1
    ]
    return orders, list(dict.fromkeys(warnings))


def _makes_image(call: Call, values: list[Value], images: set[int]) -> bool:
    """Whether a call makes images (or, of one spatial axis, sequences) with the channels last."""
    kind, shape = _kind(call), call.outputs[0].shape or ()
    if kind.startswith(("Conv", "DepthwiseConv", "SeparableConv")):
        return True
    if kind == "Reshape":
        return len(shape) == 4 and len(values[0].shape or ()) == 2
    if not values or not all(id(value) in images for value in values):
        return False
    ranks = {len(value.shape or ()) for value in (*values, *call.outputs)}
    kept = (*_RESHAPES, *_MOVES_AXES, *_CHANNELS_LAST)
    return len(ranks) == 1 and ranks <= {3, 4} and _does(call) not in kept


def _puts_channels_first(call: Call, images: set[int]) -> bool:
    if _does(call) not in ("Permute", "transpose") or id(call.values[0]) not in images:
        return False
    last = len(call.values[0].shape or ()) - 1
    axes = tuple(range(1, last))
    if isinstance(call.function, Layer):
        return tuple(call.function.arguments["dims"]) == (last, *axes)
    return tuple(call.arguments[-1]) == (0, last, *axes)


def _channels(value: Value) -> int | None:
    return value.shape[-1] if value.shape else None


def _flattened(call: Call, values: list[Value], images: set[int]) -> Order | None:
    shape = values[0].shape if values and id(values[0]) in images else None
    flat = len(call.outputs[0].shape or ()) == 2
    if shape is None or not flat or _does(call) not in _RESHAPES:
        return None
    sizes = [size for size in shape[1:] if size is not None]
    if len(sizes) != len(shape) - 1 or sizes[-1] == 1 or int(np.prod(sizes[:-1])) == 1:
        return None
    return Order(tuple(sizes))


def _keeps_order(call: Call, values: list[Value], known: list[Order]) -> bool:
    if len(known) != len(values) or len(set(known)) > 1:
        return False
    same = all(value.shape == call.outputs[0].shape for value in values)
    return same and (_kind(call) in (*_PER_FEATURE, *_WITHOUT_WEIGHTS) or _is_function(call))


def _is_function(call: Call) -> bool:
    """Whether it is a function or operator that leaves elements in their places."""
    return isinstance(call.function, str) and _does(call) not in _REORDERS


def _kind(call: Call) -> str:
    return call.function.kind if isinstance(call.function, Layer) else ""


def _does(call: Call) -> str:
    """The kind of the layer, or the last part of the function's name."""
    return _kind(call) or str(call.function).rpartition(".")[2]


def _name(call: Call) -> str:
    if isinstance(call.function, Layer):
        return call.function.name or call.function.kind
    return call.function
