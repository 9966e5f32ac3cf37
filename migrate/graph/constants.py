"""Constant folding by numpy: the value a tensor has in every run, or under given feeds.

Each entry of the tables follows the kernel of that name in tensorflow/core/kernels. An operation
that is not here, or fails, or would make more than :data:`LARGEST` elements, has no static value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import UserError
from .nodes import Graph, Node, split_tensor
from .tensors import numpy_dtype

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

_IDENTITY = (
    "Identity", "Snapshot", "StopGradient", "PreventGradient", "CheckNumerics", "Enter", "RefEnter",
    "ReadVariableOp", "LoopCond", "RefIdentity", "PlaceholderWithDefault", "EnsureShape", "Print",
)  # fmt: skip

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


def _integers(array: np.ndarray) -> list[int]:
    return [int(value) for value in np.ravel(array)]


def _affordable(size: int) -> None:
    if size > LARGEST:
        raise _NoValueError


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


_DEAD = object()
"""What flows from the side of a Switch that is not taken."""


class Evaluator:
    """Evaluates tensors of one graph, each at most once.

    Args:
        graph: any graph; functions are not entered, loops have no value.
        feeds: values of tensors ("name:0"); a variable is fed by the tensor of its node.
        opaque: tensors that have no value whatever the graph says.
        unknown_size: if given, a dimension the file does not know counts as this many.
    """

    def __init__(
        self,
        graph: Graph,
        feeds: Mapping[str, Any] | None = None,
        *,
        opaque: Iterable[str] = (),
        unknown_size: int | None = None,
    ):
        self._graph = graph
        self._unknown_size = unknown_size
        self._feeds, self._opaque = dict(feeds or {}), tuple(opaque)
        # None: not static. Deadness is a value too, so that Merge can pass over it.
        self._values: dict[str, Any] = dict.fromkeys(self._opaque)
        self._values |= {tensor: np.asarray(value) for tensor, value in self._feeds.items()}
        self._done: set[str] = set()

    def on(self, graph: Graph) -> Evaluator:
        """An evaluator of another graph under the same feeds."""
        unknown_size = self._unknown_size
        return Evaluator(graph, self._feeds, opaque=self._opaque, unknown_size=unknown_size)

    def value(self, tensor: str) -> np.ndarray | None:
        """The tensor's value, or None where it is not static; do not write into it."""
        name = split_tensor(tensor)[0]
        if tensor not in self._values and name in self._graph.nodes:
            self._run(name)
        value = self._values.get(tensor)
        return None if value is _DEAD else value

    def is_dead(self, tensor: str) -> bool:
        """Whether the tensor lies on a side of a Switch that is never taken."""
        self.value(tensor)
        return self._values.get(tensor) is _DEAD

    def _run(self, name: str) -> None:
        waiting = [name]
        entered: set[str] = set()
        while waiting:
            node = self._graph.nodes[waiting[-1]]
            if node.name in self._done:
                waiting.pop()
                continue
            if node.name not in entered:
                entered.add(node.name)
                needed = [
                    source
                    for source in self._needs(node)
                    if source not in self._done and source not in entered
                ]
                if needed:
                    waiting.extend(needed)
                    continue
            waiting.pop()
            self._done.add(node.name)
            self._store(node)

    def _needs(self, node: Node) -> list[str]:
        if node.op in ("Const", "NextIteration", "Placeholder", "VariableV2", "VarHandleOp"):
            inputs: tuple[str, ...] = ()
        else:
            inputs = tuple(t for t in node.inputs if t not in self._values)
        names = [split_tensor(tensor)[0] for tensor in inputs]
        names += [name for name in node.control_inputs if self._is_pivot(name)]
        return [name for name in names if name in self._graph.nodes]

    def _is_pivot(self, name: str) -> bool:
        """Whether a control input can make what follows it dead: it leads back to a Switch."""
        node = self._graph.nodes.get(name)
        while node is not None and node.op == "Identity" and node.inputs:
            node = self._graph.get(node.inputs[0])
        return node is not None and node.op in ("Switch", "RefSwitch")

    def _store(self, node: Node) -> None:
        first = f"{node.name}:0"
        if first in self._values:  # fed or opaque
            return
        pivots = (f"{name}:0" for name in node.control_inputs if self._is_pivot(name))
        if any(self._values.get(tensor) is _DEAD for tensor in pivots):
            self._kill(node)
            return
        inputs = [self._values.get(tensor) for tensor in node.inputs]
        if node.op in ("Switch", "RefSwitch"):
            self._switch(node, inputs)
        elif node.op in ("Merge", "RefMerge"):
            self._merge(node, inputs)
        elif any(value is _DEAD for value in inputs):
            self._kill(node)
        else:
            for index, value in enumerate(self._compute(node, inputs)):
                self._values[f"{node.name}:{index}"] = value

    def _kill(self, node: Node) -> None:
        for index in range(_output_count(node)):
            self._values[f"{node.name}:{index}"] = _DEAD

    def _switch(self, node: Node, inputs: list[Any]) -> None:
        data, predicate = inputs[:2] if len(inputs) > 1 else (None, None)
        if data is _DEAD or predicate is _DEAD:
            self._kill(node)
        elif predicate is not None and predicate.size == 1:
            taken = int(bool(predicate))
            self._values[f"{node.name}:{taken}"] = data
            self._values[f"{node.name}:{1 - taken}"] = _DEAD

    def _merge(self, node: Node, inputs: list[Any]) -> None:
        alive = [(index, value) for index, value in enumerate(inputs) if value is not _DEAD]
        if not alive:
            self._kill(node)
        elif len(alive) == 1 and alive[0][1] is not None:
            index, value = alive[0]
            self._values[f"{node.name}:0"] = value
            self._values[f"{node.name}:1"] = np.asarray(index, np.int32)

    def _compute(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        if node.op == "Const":
            try:
                return [node.attrs.get("value")]
            except UserError:
                return []
        if node.op in ("Shape", "Rank", "Size", "ShapeN") and any(v is None for v in inputs):
            return self._from_shapes(node)
        if any(value is None for value in inputs) or not inputs:
            return []
        if node.op in _IDENTITY:
            return inputs[:1]
        function: Any = _SHAPERS.get(node.op)
        if function is None:
            function = _reduce if node.op in _REDUCTIONS else None
        if function is None:
            function = _elementwise if node.op in _ELEMENTWISE else None
        if function is None:
            return []
        try:
            with np.errstate(all="ignore"):
                return function(node, inputs)
        except (
            _NoValueError, ArithmeticError, AttributeError, IndexError, KeyError, MemoryError,
            TypeError, ValueError,
        ):  # fmt: skip
            return []  # not what this operation takes: TensorFlow would refuse it too

    def _from_shapes(self, node: Node) -> Sequence[Any]:
        kind = numpy_dtype(node.attrs.get("out_type", "int32"))
        results = []
        for tensor in node.inputs:
            shape = self._graph.shape(tensor)
            if shape is None:
                return []
            sizes = [self._unknown_size if size is None else size for size in shape]
            if node.op == "Rank":
                return [np.asarray(len(sizes), np.int32)]
            if any(size is None for size in sizes):
                return []
            if node.op == "Size":
                return [np.asarray(math.prod(size or 0 for size in sizes), kind)]
            results.append(np.asarray(sizes, kind))
        return results


def _output_count(node: Node) -> int:
    if node.op in ("Switch", "RefSwitch", "Merge", "RefMerge"):
        return 2
    for key in ("num_split", "num"):
        count = node.attrs.get(key)
        if isinstance(count, int):
            return min(count, LARGEST)
    return 8  # as many as any operation inside a cond has


_evaluators: WeakKeyDictionary[Graph, Evaluator] = WeakKeyDictionary()
_assumed: WeakKeyDictionary[Graph, tuple[Evaluator, Evaluator]] = WeakKeyDictionary()


def static_value(graph: Graph, tensor: str) -> np.ndarray | None:
    """The value a tensor has in every run, or None; read-only.

    PlaceholderWithDefault counts as its default. Nothing is computed twice for one graph.
    """
    if graph not in _evaluators:
        _evaluators[graph] = Evaluator(graph)
    return _evaluators[graph].value(tensor)


def partial_value(graph: Graph, tensor: str) -> tuple[int | None, ...] | None:
    """A vector (or scalar) of integers computed from shapes, None where a run decides.

    ``[tf.shape(x)[0], 784]`` gives ``(None, 784)``; a tensor that depends on more than shapes and
    constants gives None. Whatever differs between two assumptions about unknown sizes is unknown.
    """
    if graph not in _assumed:
        # Primes: no reshape or product turns one assumption into the other.
        _assumed[graph] = (
            Evaluator(graph, unknown_size=10_007),
            Evaluator(graph, unknown_size=10_009),
        )
    one, other = (evaluator.value(tensor) for evaluator in _assumed[graph])
    if one is None or other is None or one.dtype.kind not in "iu" or one.shape != other.shape:
        return None
    return tuple(
        int(a) if a == b else None for a, b in zip(one.ravel(), other.ravel(), strict=True)
    )
