"""Shape operations of a map: each computes the resulting shapes and arrays, and has an inverse.

An operation works on a list of arrays: ``split`` makes several of one, ``concat`` one of several,
the others change each array of the list. Every number of the result is a number of the source,
bit for bit; only ``add`` and ``cast`` compute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..checkpoint.variable import ELEMENT_TYPES, numpy_dtype

ELEMENT_NAMES = {e.name for e in ELEMENT_TYPES.values() if e.numpy not in (None, "object")}

Shape = tuple[int, ...]


class Operation(Protocol):
    """One step from the arrays of a checkpoint to those of a model."""

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shapes it makes of these; ValueError, in words, where it does not fit them."""

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays it makes of these."""

    def inverse(self) -> Operation:
        """The operation that undoes it; ValueError where the map does not say enough."""


@dataclass(frozen=True)
class Transpose:
    """The axes in another order; all of them reversed where none is given."""

    axes: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"transpose {list(self.axes)}" if self.axes is not None else "transpose"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Each shape, reordered."""
        return [tuple(shape[axis] for axis in self._order(len(shape))) for shape in shapes]

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array, reordered."""
        return [array.transpose(self._order(array.ndim)) for array in arrays]

    def inverse(self) -> Operation:
        """The order that restores the axes."""
        if self.axes is None:
            return self
        return Transpose(tuple(self.axes.index(axis) for axis in range(len(self.axes))))

    def _order(self, rank: int) -> tuple[int, ...]:
        order = self.axes if self.axes is not None else tuple(reversed(range(rank)))
        if sorted(order) != list(range(rank)):
            raise ValueError(f"transpose {list(order)} does not name the {rank} axes, each once")
        return order


@dataclass(frozen=True)
class Reshape:
    """The same elements in another shape; ``was`` is the shape to go back to."""

    to: Shape
    was: Shape | None = None

    def __str__(self) -> str:
        return f"reshape {list(self.to)}"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The new shape, for each."""
        for shape in shapes:
            if math.prod(shape) != math.prod(self.to):
                raise ValueError(f"reshape of {list(shape)} to {list(self.to)}: sizes differ")
            if self.was is not None and shape != self.was:
                raise ValueError(
                    f"reshape has was = {list(self.was)}, but the shape is {list(shape)}"
                )
        return [self.to] * len(shapes)

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array, reshaped."""
        return [array.reshape(self.to) for array in arrays]

    def inverse(self) -> Operation:
        """Back to ``was``."""
        if self.was is None:
            raise ValueError("reshape needs was = [the shape in the checkpoint]")
        return Reshape(self.was, self.to)


@dataclass(frozen=True)
class Split:
    """One array cut along an axis into parts of these sizes."""

    axis: int
    sizes: tuple[int, ...]

    def __str__(self) -> str:
        return f"split {list(self.sizes)} along axis {self.axis}"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shapes of the parts."""
        if len(shapes) != 1:
            raise ValueError(f"split needs one tensor, not {len(shapes)}")
        (shape,) = shapes
        axis = _axis(self.axis, shape)
        if shape[axis] != sum(self.sizes):
            raise ValueError(f"split into {list(self.sizes)} of {shape[axis]} along axis {axis}")
        return [(*shape[:axis], size, *shape[axis + 1 :]) for size in self.sizes]

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The parts."""
        return np.split(arrays[0], np.cumsum(self.sizes)[:-1], self.axis)

    def inverse(self) -> Operation:
        """The parts joined again."""
        return Concat(self.axis, self.sizes)


@dataclass(frozen=True)
class Concat:
    """Several arrays joined along an axis; ``sizes`` is how to cut them again."""

    axis: int
    sizes: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"concat along axis {self.axis}"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shape of the whole."""
        axis = _axis(self.axis, shapes[0])
        if any((*s[:axis], *s[axis + 1 :]) != (*shapes[0][:axis], *shapes[0][axis + 1 :])
               for s in shapes):  # fmt: skip
            raise ValueError(
                f"concat of {', '.join(str(list(s)) for s in shapes)}: they do not fit"
            )
        sizes = tuple(shape[axis] for shape in shapes)
        if self.sizes is not None and sizes != self.sizes:
            raise ValueError(
                f"concat has sizes = {list(self.sizes)}, but the sizes are {list(sizes)}"
            )
        return [(*shapes[0][:axis], sum(sizes), *shapes[0][axis + 1 :])]

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The whole."""
        return [np.concatenate(arrays, self.axis)]

    def inverse(self) -> Operation:
        """The whole cut again."""
        if self.sizes is None:
            raise ValueError("concat needs sizes = [the sizes in the checkpoint]")
        return Split(self.axis, self.sizes)


@dataclass(frozen=True)
class Gates:
    """Equal blocks along an axis, one a gate, put in another order."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    axis: int = -1

    def __str__(self) -> str:
        return f"gates {','.join(self.before)} to {','.join(self.after)}"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The same shapes."""
        if sorted(self.before) != sorted(self.after) or len(set(self.before)) != len(self.before):
            raise ValueError(f"gates {','.join(self.before)} and {','.join(self.after)} differ")
        for shape in shapes:
            if shape[_axis(self.axis, shape)] % len(self.before):
                raise ValueError(f"{list(shape)} does not divide into {len(self.before)} gates")
        return list(shapes)

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array with its blocks reordered."""
        order = [self.before.index(gate) for gate in self.after]
        done = []
        for array in arrays:
            blocks = np.split(array, len(order), self.axis)
            done.append(np.concatenate([blocks[i] for i in order], self.axis))
        return done

    def inverse(self) -> Operation:
        """The order before."""
        return Gates(self.after, self.before, self.axis)


@dataclass(frozen=True)
class Add:
    """A number added to one of several equal blocks along the last axis: a forget bias."""

    value: float
    block: int = 0
    blocks: int = 1

    def __str__(self) -> str:
        return f"add {self.value:g}" + (f" to block {self.block}" if self.blocks > 1 else "")

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The same shapes."""
        for shape in shapes:
            if shape[_axis(-1, shape)] % self.blocks:
                raise ValueError(f"{list(shape)} does not divide into {self.blocks} blocks")
        return list(shapes)

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Copies, with the number added in their own precision."""
        done = []
        for array in arrays:
            width = array.shape[-1] // self.blocks
            copy = array.copy()
            copy[..., self.block * width : (self.block + 1) * width] += array.dtype.type(self.value)
            done.append(copy)
        return done

    def inverse(self) -> Operation:
        """The number taken away; exact up to the rounding of the addition."""
        return Add(-self.value, self.block, self.blocks)


@dataclass(frozen=True)
class Cast:
    """Another element type, rounding where it is narrower; ``was`` is the one to go back to."""

    to: str
    was: str | None = None

    def __post_init__(self) -> None:
        for name in (self.to, self.was):
            if name is not None and name not in ELEMENT_NAMES:
                raise ValueError(f"there is no dtype {name!r}")

    def __str__(self) -> str:
        return f"cast to {self.to}"

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The same shapes."""
        return list(shapes)

    def apply(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array, converted."""
        return [array.astype(numpy_dtype(self.to)) for array in arrays]

    def inverse(self) -> Operation:
        """Back to ``was``; what was rounded stays rounded."""
        if self.was is None:
            raise ValueError('cast needs was = "the dtype in the checkpoint"')
        return Cast(self.was, self.to)


# TF1's LSTM cells keep i, j, f, o, Keras i, f, c, o, whose c is TF1's j
# (tensorflow/python/ops/rnn_cell_impl.py; keras/src/layers/rnn/lstm.py).
LSTM = Gates(("i", "j", "f", "o"), ("i", "f", "j", "o"))
# GRU: gates r, u and the candidate c joined after them; Keras keeps z = u, r, h = c.
GRU = Gates(("r", "u", "c"), ("u", "r", "c"))


def forget_bias(value: float) -> Add:
    """The forget bias, which a TF1 LSTM cell adds at run time: added to Keras's bias, whose second
    gate is f."""
    return Add(value, block=1, blocks=4)


def shapes_after(steps: Sequence[Operation], shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes that a sequence of steps makes; ValueError, in words, where one does not fit."""
    done = list(shapes)
    for step in steps:
        done = step.shapes(done)
    return done


def apply_all(steps: Sequence[Operation], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The arrays that a sequence of steps makes."""
    done = list(arrays)
    for step in steps:
        done = step.apply(done)
    return done


def _axis(axis: int, shape: Shape) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"no axis {axis} in {list(shape)}")
    return axis % len(shape)
