"""Operations computed by numpy.

Each entry of the tables follows the kernel of that name in tensorflow/core/kernels. An operation
that is not here, or fails, or would make more than :data:`LARGEST` elements, is not computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .dtypes import numpy_dtype
from .nodes import Node

LARGEST = 1 << 24
"""Elements beyond which a folded result is not worth having (constants of the file aside)."""

Arrays = list[np.ndarray]


class _NoValueError(Exception):
    """An operation's result is not static."""


def _int_division(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iu":  # truncates like C, unlike numpy's floor
        quotient = np.abs(a) // np.abs(b)
        return np.where((a < 0) != (b < 0), -quotient, quotient).astype(a.dtype)
    return a / b


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Add": np.add, "AddV2": np.add, "BiasAdd": np.add, "Sub": np.subtract, "Mul": np.multiply,
    "RealDiv": np.divide, "Div": _int_division, "TruncateDiv": _int_division,
    "FloorDiv": np.floor_divide, "FloorMod": np.mod, "Mod": np.fmod, "TruncateMod": np.fmod,
    "Maximum": np.maximum, "Minimum": np.minimum, "Pow": np.power, "Neg": np.negative,
    "Sqrt": np.sqrt, "Square": np.square, "Exp": np.exp, "Log": np.log, "Log1p": np.log1p,
    "Abs": np.abs, "Floor": np.floor, "Ceil": np.ceil, "Rint": np.rint, "Round": np.round,
    "Sign": np.sign, "Sin": np.sin, "Cos": np.cos, "Tanh": np.tanh, "Inv": np.reciprocal,
    "Reciprocal": np.reciprocal, "Equal": np.equal, "NotEqual": np.not_equal, "Less": np.less,
    "LessEqual": np.less_equal, "Greater": np.greater, "GreaterEqual": np.greater_equal,
    "LogicalAnd": np.logical_and, "LogicalOr": np.logical_or, "LogicalNot": np.logical_not,
    "ZerosLike": np.zeros_like, "OnesLike": np.ones_like, "SelectV2": np.where,
    "SquaredDifference": lambda a, b: np.square(a - b),
    "Rsqrt": lambda a: (1 / np.sqrt(a)).astype(a.dtype),
    "Sigmoid": lambda a: (1 / (1 + np.exp(-a))).astype(a.dtype),
}  # fmt: skip

_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "Sum": np.sum, "Prod": np.prod, "Max": np.max, "Min": np.min, "Mean": np.mean, "All": np.all,
    "Any": np.any,
}  # fmt: skip

_SHAPERS: dict[str, Callable[[Node, Arrays], Sequence[Any]]] = {}


def _shaper(*ops: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for op in ops:
            _SHAPERS[op] = function
        return function

    return register


def _affordable(size: int) -> None:
    if size > LARGEST:
        raise _NoValueError


def _integers(array: np.ndarray) -> list[int]:
    _affordable(array.size)  # a constant may claim any shape, and hold one number
    return [int(value) for value in np.ravel(array)]


@_shaper("Cast")
def _cast(node: Node, inputs: Arrays) -> Arrays:
    dtype = numpy_dtype(node.attrs["DstT"])
    if dtype is None:
        raise _NoValueError
    return [inputs[0].astype(dtype)]


@_shaper("Reshape")
def _reshape(node: Node, inputs: Arrays) -> Arrays:
    return [inputs[0].reshape(_integers(inputs[1]))]


@_shaper("ExpandDims")
def _expand_dims(node: Node, inputs: Arrays) -> Arrays:
    return [np.expand_dims(inputs[0], int(inputs[1].item()))]


@_shaper("Squeeze")
def _squeeze(node: Node, inputs: Arrays) -> Arrays:
    axes = node.attrs.get("squeeze_dims") or None
    return [np.squeeze(inputs[0], tuple(axes) if axes else None)]


@_shaper("Pack")
def _pack(node: Node, inputs: Arrays) -> Arrays:
    return [np.stack(inputs, node.attrs.get("axis", 0))]


@_shaper("Unpack")
def _unpack(node: Node, inputs: Arrays) -> Sequence[np.ndarray]:
    return list(np.moveaxis(inputs[0], node.attrs.get("axis", 0), 0))


@_shaper("ConcatV2")
def _concat(node: Node, inputs: Arrays) -> Arrays:
    return [np.concatenate(inputs[:-1], int(inputs[-1].item()))]


@_shaper("Concat")
def _concat_v1(node: Node, inputs: Arrays) -> Arrays:
    return [np.concatenate(inputs[1:], int(inputs[0].item()))]


@_shaper("Split")
def _split(node: Node, inputs: Arrays) -> Arrays:
    return np.split(inputs[1], node.attrs["num_split"], int(inputs[0].item()))


@_shaper("Transpose")
def _transpose(node: Node, inputs: Arrays) -> Arrays:
    return [np.transpose(inputs[0], _integers(inputs[1]))]


@_shaper("Tile")
def _tile(node: Node, inputs: Arrays) -> Arrays:
    times = _integers(inputs[1])
    _affordable(inputs[0].size * math.prod(times))
    return [np.tile(inputs[0], times)]


@_shaper("Fill")
def _fill(node: Node, inputs: Arrays) -> Arrays:
    return [np.broadcast_to(inputs[1], _integers(inputs[0]))]


@_shaper("Range")
def _range(node: Node, inputs: Arrays) -> Arrays:
    start, limit, delta = (value.item() for value in inputs)
    _affordable(math.ceil((limit - start) / delta))
    return [np.arange(start, limit, delta).astype(inputs[0].dtype)]


@_shaper("LinSpace")
def _linspace(node: Node, inputs: Arrays) -> Arrays:
    _affordable(int(inputs[2].item()))
    start, stop, count = (value.item() for value in inputs)
    return [np.linspace(start, stop, count, dtype=inputs[0].dtype)]


@_shaper("Slice")
def _slice(node: Node, inputs: Arrays) -> Arrays:
    data, begin, size = inputs
    starts = _integers(begin)
    stops = [
        length if count == -1 else start + count
        for start, count, length in zip(starts, _integers(size), data.shape, strict=True)
    ]
    return [data[tuple(map(slice, starts, stops))]]


@_shaper("StridedSlice")
def _strided_slice(node: Node, inputs: Arrays) -> Arrays:
    data, begin, end, strides = inputs
    mask = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "ellipsis")}
    new_axis = node.attrs.get("new_axis_mask", 0)
    shrink = node.attrs.get("shrink_axis_mask", 0)
    key: list[Any] = []
    rows = zip(_integers(begin), _integers(end), _integers(strides), strict=True)
    for at, (start, stop, step) in enumerate(rows):
        bit = 1 << at
        if mask["ellipsis"] & bit:
            key.append(...)
        elif new_axis & bit:
            key.append(None)
        elif shrink & bit:
            key.append(start)
        else:
            first = None if mask["begin"] & bit else start
            last = None if mask["end"] & bit else stop
            key.append(slice(first, last, step))
    return [np.asarray(data[tuple(key)])]


@_shaper("Gather", "GatherV2", "ResourceGather")
def _gather(node: Node, inputs: Arrays) -> Arrays:
    axis = int(inputs[2].item()) if len(inputs) > 2 else 0
    if node.attrs.get("batch_dims", 0):
        raise _NoValueError
    _affordable(inputs[1].size * (inputs[0].size // max(1, inputs[0].shape[axis])))
    return [np.take(inputs[0], inputs[1], axis)]


@_shaper("Select")
def _select(node: Node, inputs: Arrays) -> Arrays:
    condition = inputs[0]
    if condition.ndim == 1 and inputs[1].ndim > 1:  # chooses rows
        condition = condition.reshape([-1] + [1] * (inputs[1].ndim - 1))
    return [np.where(condition, inputs[1], inputs[2])]


@_shaper("Pad", "PadV2")
def _pad(node: Node, inputs: Arrays) -> Arrays:
    widths = [(int(before), int(after)) for before, after in inputs[1]]
    sizes = (n + sum(width) for n, width in zip(inputs[0].shape, widths, strict=True))
    _affordable(math.prod(sizes))
    value = inputs[2].item() if len(inputs) > 2 else 0
    return [np.pad(inputs[0], widths, constant_values=value)]


@_shaper("ReverseV2")
def _reverse(node: Node, inputs: Arrays) -> Arrays:
    return [np.flip(inputs[0], tuple(_integers(inputs[1])))]


@_shaper("InvertPermutation")
def _invert_permutation(node: Node, inputs: Arrays) -> Arrays:
    return [np.argsort(inputs[0]).astype(inputs[0].dtype)]


@_shaper("ListDiff")
def _list_diff(node: Node, inputs: Arrays) -> Arrays:
    kept = np.flatnonzero(~np.isin(inputs[0], inputs[1]))
    return [inputs[0][kept], kept.astype(numpy_dtype(node.attrs.get("out_idx", "int32")))]


@_shaper("MatrixBandPart")
def _matrix_band_part(node: Node, inputs: Arrays) -> Arrays:
    matrix, (below, above) = inputs[0], (int(value.item()) for value in inputs[1:])
    apart = np.subtract.outer(*(np.arange(size) for size in matrix.shape[-2:]))
    kept = ((below < 0) | (apart <= below)) & ((above < 0) | (-apart <= above))
    return [np.where(kept, matrix, np.zeros((), matrix.dtype))]


@_shaper("OneHot")
def _one_hot(node: Node, inputs: Arrays) -> Arrays:
    indices, depth, on, off = inputs
    if node.attrs.get("axis", -1) != -1:
        raise _NoValueError
    _affordable(indices.size * int(depth.item()))
    return [np.where(indices[..., None] == np.arange(depth.item()), on, off).astype(on.dtype)]


@_shaper("BroadcastTo")
def _broadcast_to(node: Node, inputs: Arrays) -> Arrays:
    return [np.broadcast_to(inputs[0], _integers(inputs[1]))]


@_shaper("AddN")
def _add_n(node: Node, inputs: Arrays) -> Arrays:
    total = inputs[0]
    for other in inputs[1:]:
        total = total + other
    return [total]


@_shaper("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def _fake_quantization(node: Node, inputs: Arrays) -> Arrays:
    """As tensorflow/core/kernels/fake_quant_ops_functor.h, in float32."""
    array, low, high = (np.asarray(a, np.float32) for a in inputs)
    least = np.float32(bool(node.attrs.get("narrow_range")))
    most = np.float32(2 ** node.attrs.get("num_bits", 8) - 1)
    with np.errstate(all="ignore"):
        step = (high - low) / (most - least)
        zero = np.clip(np.floor(least - low / step + np.float32(0.5)), least, most)
        low_, high_ = (least - zero) * step, (most - zero) * step
        steps = np.floor((np.clip(array, low_, high_) - low_) * (1 / step) + np.float32(0.5))
        return [np.where((low == 0) & (high == 0), 0, steps * step + low_).astype(np.float32)]


@_shaper("Size")
def _size(node: Node, inputs: Arrays) -> Arrays:
    return [np.asarray(inputs[0].size, numpy_dtype(node.attrs.get("out_type", "int32")))]


@_shaper("Rank")
def _rank(node: Node, inputs: Arrays) -> Arrays:
    return [np.asarray(inputs[0].ndim, np.int32)]


@_shaper("Shape")
def _shape(node: Node, inputs: Arrays) -> Arrays:
    return [np.asarray(inputs[0].shape, numpy_dtype(node.attrs.get("out_type", "int32")))]


def _reduce(node: Node, inputs: Arrays) -> Arrays:
    data, axes = inputs
    keep = bool(node.attrs.get("keep_dims", node.attrs.get("keepdims", False)))
    result = _REDUCTIONS[node.op](data, axis=tuple(_integers(axes)), keepdims=keep)
    return [np.asarray(result).astype(data.dtype)]


def _elementwise(node: Node, inputs: Arrays) -> Arrays:
    _affordable(math.prod(np.broadcast_shapes(*(value.shape for value in inputs))))
    return [np.asarray(_ELEMENTWISE[node.op](*inputs))]


def can_compute(op: str) -> bool:
    """Whether an operation is among those of the tables."""
    return op in _SHAPERS or op in _REDUCTIONS or op in _ELEMENTWISE


def compute(node: Node, inputs: Arrays) -> Sequence[np.ndarray]:
    """A node's outputs from its inputs' values; none where they are not computed."""
    function: Any = _SHAPERS.get(node.op)
    if function is None:
        function = _reduce if node.op in _REDUCTIONS else None
    if function is None:
        function = _elementwise if node.op in _ELEMENTWISE else None
    if function is None:
        return []
    try:
        with np.errstate(all="ignore"):
            made: Sequence[Any] = function(node, inputs)
        # Of a vector numpy picks a number, which is no array.
        return [np.asarray(value) for value in made]
    except (
        _NoValueError, ArithmeticError, AttributeError, IndexError, KeyError, MemoryError,
        TypeError, ValueError,
    ):  # fmt: skip
        return []  # not what this operation takes: TensorFlow would refuse it too
