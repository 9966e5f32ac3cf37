"""A batch size that the graph fixes, freed where nothing but the inputs has it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
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
    "Discretization", "DotProductAttention", "Dropout", "ELU", "Embedding", "EmbeddingBag",
    "Flatten", "GRU", "GRUCell",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "HashedCross", "HashedCrossing", "Hashing", "Identity", "IntegerLookup", "LSTM", "LSTMCell",
    "LayerNormalization", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Permute",
    "PReLU", "PositionEmbedding", "RNN", "ReLU", "SeparableConv1D", "SeparableConv2D",
    "SimpleRNN", "SimpleRNNCell",
    "Softmax", "StackedRNNCells", "StringLookup", "UpSampling1D", "UpSampling2D", "ZeroPadding1D",
    "ZeroPadding2D", "ZeroPadding3D",
))  # fmt: skip
_BATCHING = ("keras.ops.expand_dims", "keras.ops.stack", "keras.ops.reshape")
_REDUCING = ("keras.ops.all", "keras.ops.any", "keras.ops.max", "keras.ops.min", "keras.ops.sum")
_WHOLE = re.compile(r"(?<![\w.])\d+(?![\w.])")


def free_batch(plan: Plan, *, keep: bool = False) -> None:
    """Leaves the batch size of the inputs open, or notes why it stays.

    It stays where the model has that number anywhere else: in a constant, a weight, a shape; where
    an output does not have the batch; and where an input is one example, to which the graph itself
    adds the batch. The number 1 is everywhere, so only running shows whether it is that of a batch.

    Args:
        keep: it was tried, and other sizes did not do.
    """
    single = [each for each in plan.inputs if _is_one_example(plan, each)]
    for each in single:
        first = (each.value.shape or (None,))[0]
        plan.warnings.append(
            f"{printable(each.tensor)} is a single example: its first dimension "
            f"({first or 'open'}) is not a batch. Call the model with one example; do not use "
            "predict or fit, which would split it."
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
    if not size:
        return
    reshapes = {id(call): _reshape(call, size) for call in plan.calls}
    if reason := _why_kept(plan, size, reshapes, keep=keep):
        plan.notes.append(
            f"The batch size is fixed at {size} in the graph. {reason}, so the model keeps it."
        )
        return
    plan.notes.append(f"The batch size is fixed at {size} in the graph and variable in the model.")
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


def keeps_batch(report: Mapping[str, Any]) -> bool:
    """Whether an input of the model of a report has a batch size."""
    return any((given.get("shape") or [None])[0] for given in report.get("inputs") or ())


def _why_kept(
    plan: Plan, size: int, reshapes: Mapping[int, tuple[Any, ...] | None], *, keep: bool
) -> str:
    """Why the model keeps the batch size of the graph, as a sentence; "" where it does not."""
    if keep:
        return "With another batch size the outputs differ"
    for output in plan.outputs:
        shape = output.value.shape
        if shape is not None and (not shape or (shape[0] or 0) % size):
            return f"{printable(output.tensor)} does not have it"
    if size == 1:
        return ""
    for call in plan.calls:
        given = reshapes[id(call)] or (call.arguments, call.keywords)
        if _holds(call.function, size) or _in(given, size):
            function = call.function
            kind = function.kind if isinstance(function, Layer) else function.rpartition(".")[2]
            made = call.outputs[0].tensor
            at = f" at {printable(made)}" if made else ""
            return f"The graph also uses it as a number (in {printable(kind)}{at})"
    values = [given.value for given in plan.inputs]
    values += [value for call in plan.calls for value in call.outputs]
    if any(size in (value.shape or ())[-1:] for value in values):
        return "Other axes also have this size"
    return ""


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
            return not _goes_again(plan, call)
        if after == before:
            reached.update(id(value) for value in call.outputs)
    return False


def _goes_again(plan: Plan, made: Call) -> bool:
    """Whether a first dimension that a call adds is reduced, as merging layers of Keras do."""
    reached, cut = {id(made.outputs[0])}, False
    for call in plan.calls:
        given = (part for a in call.arguments for part in (a if isinstance(a, list) else [a]))
        if any(id(value) in reached for value in given) and call.keywords.get("axis") == 0:
            cut |= call.function in _REDUCING
            reached.update(id(value) for value in call.outputs)
    return cut


def _freed(shape: Shape, size: int) -> Shape:
    """With an open first dimension; rows of several an example are counted by it too."""
    if not shape or not shape[0] or shape[0] % size or (size == 1 and shape[0] > 1):
        return shape
    return (None, *shape[1:])


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
    return function.step is not None or _in(function.arguments, size)


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
