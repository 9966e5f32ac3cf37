"""A batch size that the graph fixes, freed where nothing but the inputs has it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from ..errors import printable
from .model import Plan
from .network import Call, Code, Input, Layer, Made, Shape

# Layers whose numbers are never those of a batch.
_SIZED = frozenset((
    "Activation", "Add", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "BatchNormalization", "Bias", "Bidirectional", "CategoryEncoding", "Concatenate", "Conv1D",
    "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Dense", "DepthwiseConv2D",
    "Discretization", "Dropout", "ELU", "Embedding", "EmbeddingBag", "Flatten", "GRU", "GRUCell",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "HashedCross", "HashedCrossing", "Hashing", "Identity", "IntegerLookup", "LSTM", "LSTMCell",
    "LayerNormalization", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Permute",
    "PReLU", "RNN", "ReLU", "SeparableConv1D", "SeparableConv2D", "SimpleRNN", "SimpleRNNCell",
    "Softmax", "StackedRNNCells", "StringLookup", "UpSampling1D", "UpSampling2D", "ZeroPadding1D",
    "ZeroPadding2D", "ZeroPadding3D",
))  # fmt: skip
_BATCHING = ("keras.ops.expand_dims", "keras.ops.stack", "keras.ops.reshape")
_WHOLE = re.compile(r"(?<![\w.])\d+(?![\w.])")
_SMALLEST = 2  # 1 is everywhere, and often is no batch


def free_batch(plan: Plan) -> None:
    """Leaves the batch size of the inputs open, or notes why it stays.

    It stays where the model has that number anywhere else: in a constant, a weight, a shape; and
    where an input is one example, to which the graph itself adds the batch.
    """
    single = [each for each in plan.inputs if _is_one_example(plan, each)]
    for each in single:
        first = (each.value.shape or (None,))[0]
        plan.warnings.append(
            f"{printable(each.tensor)} is one example without a batch: its first dimension "
            f"({first or 'open'}) counts no examples. Call the model with one example; predict "
            "and fit would cut it up."
        )
    if single:
        return
    sizes = {given.value.shape[0] for given in plan.inputs if given.value.shape}
    sizes -= {None}
    shapes = [given.value.shape for given in plan.inputs]
    # Examples side by side, as columns, have open sizes elsewhere.
    if len(sizes) != 1 or any(not shape or None in shape[1:] for shape in shapes):
        return
    (size,) = sizes
    if size is None or size < _SMALLEST:
        return
    reshapes = {id(call): _reshape(call, size) for call in plan.calls}
    given = [(c.function, reshapes[id(c)] or (c.arguments, c.keywords)) for c in plan.calls]
    if any(_holds(function, size) or _in(arguments, size) for function, arguments in given):
        plan.notes.append(
            f"The batch size is fixed at {size} in the graph, which also uses it as a "
            "number, so the model keeps it."
        )
        return
    values = [given.value for given in plan.inputs]
    values += [value for call in plan.calls for value in call.outputs]
    if any(size in (value.shape or ())[-1:] for value in values):
        plan.notes.append(
            f"The batch size is fixed at {size} in the graph. Other axes also have this "
            "size, so the model keeps it."
        )
        return
    plan.inputs = [
        replace(given, batch=size) if (given.value.shape or (None,))[0] == size else given
        for given in plan.inputs
    ]
    for call in plan.calls:
        call.arguments = reshapes[id(call)] or call.arguments
        if isinstance(call.function, Layer) and call.function.kind == "Parameter":
            continue
        for value in call.outputs:
            value.shape = _freed(value.shape, size)
    for given_ in plan.inputs:
        given_.value.shape = _freed(given_.value.shape, size)


def _is_one_example(plan: Plan, given: Input) -> bool:
    """Whether a first dimension of 1 is put before those of an input, whatever is done to it."""
    reached = {id(given.value)}
    for call in plan.calls:
        if not any(id(value) in reached for value in call.values):
            continue
        before = next(value.shape for value in call.values if id(value) in reached)
        after = call.outputs[0].shape
        if before is None or after is None:
            continue
        if call.function in _BATCHING and len(before) > 1 and after == (1, *before):
            return True
        if after == before:
            reached.update(id(value) for value in call.outputs)
    return False


def _freed(shape: Shape, size: int) -> Shape:
    """With an open first dimension; rows of several an example are counted by it too."""
    return (None, *shape[1:]) if shape and shape[0] and shape[0] % size == 0 else shape


def _reshape(call: Call, size: int) -> tuple[Any, ...] | None:
    """The arguments of a reshape that keeps the batch, without its size; None for another call."""
    if call.function != "keras.ops.reshape" or not isinstance(call.arguments[1], tuple):
        return None
    value, (first, *rest) = call.arguments[0], call.arguments[1]
    inner = value.shape[1:] if value.shape and value.shape[0] == first == size else (None,)
    if None in inner or rest.count(-1) > 1:
        return None
    known = math.prod(number for number in rest if number != -1)
    rest = [math.prod(inner) // max(known, 1) if number == -1 else number for number in rest]
    return (value, (-1, *rest)) if math.prod(rest) == math.prod(inner) else None


def _holds(function: Layer | str, size: int) -> bool:
    """Whether a layer has the number where it may be a batch's."""
    if not isinstance(function, Layer) or function.kind in _SIZED:
        return False
    return getattr(function, "step", None) is not None or _in(function.arguments, size)


def _in(item: Any, size: int) -> bool:
    """Whether a multiple of a number is in an argument, or an array of that length."""
    if isinstance(item, bool):
        return False
    if isinstance(item, Code):
        return any(_in(int(number), size) for number in _WHOLE.findall(item.text))
    if isinstance(item, Made):
        return _in_array(item.arguments, size)
    if isinstance(item, dict):
        return any(_in(value, size) for value in item.values())
    if isinstance(item, (list, tuple)):
        return any(_in(part, size) for part in item)
    return isinstance(item, (int, float)) and item != 0 and item % size == 0


def _in_array(item: Any, size: int) -> bool:
    """As :func:`_in`; the numbers of an array of floats count nothing, but its length does."""
    if isinstance(item, (list, tuple)):
        counted = isinstance(item, list) and len(item) == size
        return counted or any(_in_array(part, size) for part in item)
    return isinstance(item, int) and _in(item, size)
