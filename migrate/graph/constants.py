"""Constant folding: the value a tensor has in every run, or under given feeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import UserError
from .dtypes import numpy_dtype
from .kernels import LARGEST, compute
from .nodes import Graph, Node, split_tensor

_IDENTITY = (
    "Identity", "Snapshot", "StopGradient", "PreventGradient", "CheckNumerics", "Enter", "RefEnter",
    "ReadVariableOp", "LoopCond", "RefIdentity", "PlaceholderWithDefault", "EnsureShape", "Print",
)  # fmt: skip

MOST_AXES = 254  # of a tensor; tensorflow/core/framework/tensor_shape.h
_MOST_REPEATED = 1 << 20  # elements that one integer of a constant may fill
GUESSED_SIZES = (10_007, 10_009)
"""Assumed for unknown sizes: primes, so no reshape or product turns one into the other."""

_PICKS = ("StridedSlice", "Slice", "Gather", "GatherV2")
_OPEN = -1

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
                value = node.attrs.get("value")
            except UserError:
                return []
            return [] if value is None or _claims_too_much(value) else [value]
        if node.op in ("Shape", "Rank", "Size", "ShapeN") and any(v is None for v in inputs):
            return self._from_shapes(node)
        if node.op in _PICKS and inputs and inputs[0] is None:
            return self._from_known_sizes(node, inputs)
        if any(value is None for value in inputs) or not inputs:
            return []
        if node.op in _IDENTITY:
            return inputs[:1]
        return compute(node, inputs)

    def _from_known_sizes(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        """What is picked from a shape of which some sizes are open, where it is none of these."""
        maker = self._graph.get(node.inputs[0])
        shape = self._graph.shape(maker.inputs[0]) if maker is not None and maker.inputs else None
        given = all(value is not None for value in inputs[1:])
        if maker is None or maker.op != "Shape" or shape is None or not given:
            return []
        kind = numpy_dtype(maker.attrs.get("out_type", "int32"))
        sizes = np.asarray([_OPEN if size is None else size for size in shape], kind)
        return [v for v in compute(node, [sizes, *inputs[1:]]) if _OPEN not in v]

    def _from_shapes(self, node: Node) -> Sequence[Any]:
        kind = np.dtype(numpy_dtype(node.attrs.get("out_type", "int32")))
        if kind.kind != "i":
            return []
        largest = np.iinfo(kind).max
        results = []
        for tensor in node.inputs:
            shape = self._graph.shape(tensor)
            if shape is None:
                return []
            sizes = [self._unknown_size if size is None else size for size in shape]
            if node.op == "Rank":
                return [np.asarray(len(sizes), np.int32)]
            if any(size is None or size > largest for size in sizes):
                return []
            if node.op == "Size":
                size = math.prod(size or 0 for size in sizes)
                return [np.asarray(size, kind)] if size <= largest else []
            results.append(np.asarray(sizes, kind))
        return results


def _claims_too_much(value: np.ndarray) -> bool:
    """Whether integers fill more memory than any use of them needs, from a few bytes of a file."""
    return value.dtype.kind in "iu" and value.size > _MOST_REPEATED and 0 in value.strides


def _output_count(node: Node) -> int:
    if node.op in ("Switch", "RefSwitch", "Merge", "RefMerge"):
        return 2
    for key in ("num_split", "num"):
        count = node.attrs.get(key)
        if isinstance(count, int):
            return min(count, LARGEST)
    return 8  # as many as any operation inside a cond has


def _evaluator(graph: Graph, unknown_size: int | None = None) -> Evaluator:
    """The one evaluator of a graph under an assumption about unknown sizes."""
    if unknown_size not in graph.evaluators:
        graph.evaluators[unknown_size] = Evaluator(graph, unknown_size=unknown_size)
    return graph.evaluators[unknown_size]


def static_value(graph: Graph, tensor: str) -> np.ndarray | None:
    """The value a tensor has in every run, or None; read-only.

    PlaceholderWithDefault counts as its default. Nothing is computed twice for one graph.
    """
    return _evaluator(graph).value(tensor)


def axes_or_sizes(value: np.ndarray | None) -> tuple[int, ...] | None:
    """The integers of a small array; None for others, and for more than a tensor has axes."""
    if value is None or value.dtype.kind not in "iu" or value.size > MOST_AXES:
        return None
    return tuple(int(number) for number in value.reshape(-1))


def assumed_values(graph: Graph, tensor: str) -> list[np.ndarray | None]:
    """What a tensor computed from shapes would be under two assumptions about unknown sizes."""
    return [_evaluator(graph, size).value(tensor) for size in GUESSED_SIZES]


def partial_value(graph: Graph, tensor: str) -> tuple[int | None, ...] | None:
    """A vector (or scalar) of integers computed from shapes, None where a run decides.

    ``[tf.shape(x)[0], 784]`` gives ``(None, 784)``; a tensor that depends on more than shapes and
    constants gives None. Whatever differs between two assumptions about unknown sizes is unknown.
    """
    ones, others = map(axes_or_sizes, assumed_values(graph, tensor))
    if ones is None or others is None or len(ones) != len(others):
        return None
    return tuple(a if a == b else None for a, b in zip(ones, others, strict=True))
