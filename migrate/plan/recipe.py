"""How one array of the new model is made from variables and constants of the old one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..checkpoint.variable import numpy_dtype

Read = Callable[[str], np.ndarray]

_STEP = 1e-4  # what rounding may take from a step of the size of 1, where a graph casts to float32


@dataclass(frozen=True, eq=False)
class Recipe:
    """A small tree of steps over variables and constants; nothing is read before :meth:`make`.

    Attributes:
        text: the step in words, such as ``transpose``; for a leaf, the variable's name.
        shape: of the result.
        dtype: of the result, a numpy name ("bfloat16" too).
        parents: what the step works on.
        function: arrays of the parents → array; None for a variable.
        moves: the step only moves numbers, so it applies to an optimizer's slots as well; a step
            that changes values (a forget bias that is added) does not.
        permutes: the step keeps every number of each parent, and each once.
        identity: equal for steps that compute the same, whatever ``text`` calls them; None where
            ``text`` says it all.
        reads: of a step that computes many things at once: the arrays that it begins with, each
            the variables' numbers moved. Empty where it takes its parents whole.
    """

    text: str
    shape: tuple[int, ...]
    dtype: str
    parents: tuple[Recipe, ...] = ()
    function: Callable[..., np.ndarray] | None = None
    moves: bool = True
    permutes: bool = False
    identity: str | None = None
    reads: tuple[Recipe, ...] = ()

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The variables that are read, each once, in order."""
        return tuple(self.shapes)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each variable that is read."""
        found = {} if self.parents or self.function else {self.text: self.shape}
        for parent in self.parents:
            found |= parent.shapes
        return found

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for two recipes that make the same array in the same way."""
        leaf = id(self.function) if self.function and not self.parents else None
        name = self.text if self.identity is None else self.identity
        return (name, self.shape, leaf, *(parent.key for parent in self.parents))

    @property
    def nbytes(self) -> int:
        """The size of the result."""
        return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize

    @property
    def is_variable(self) -> bool:
        """Whether this is a variable as it is, untouched."""
        return self.function is None

    @property
    def only_moves(self) -> bool:
        """Whether every number of the result is a number of a source, bit for bit."""
        return self.moves and all(parent.only_moves for parent in self.parents)

    def keeps_steps(self, read: Read) -> bool:
        """Whether a step of the sources is the same step of the result, but for its place.

        It is where numbers only move and where constants are added; not where they are scaled or
        normalized, where one variable is added to another, or where constants stand beside them,
        which training left as they were. That is tried out, with steps that are no numbers and
        with random ones, for which the sources are read unless all is moves.
        """
        if self.is_variable:
            return True
        nothing = np.array(np.nan, numpy_dtype(self.dtype))  # whatever is made of it is none either
        made = self.make(lambda name: np.full(self.shapes[name], nothing))
        if not np.isnan(made).all():
            return False
        if self.only_moves:
            return True
        random = np.random.default_rng(0)
        values = {name: np.asarray(read(name), np.float64) for name in self.sources}
        steps = {name: random.standard_normal(a.shape) for name, a in values.items()}
        after = self.make(lambda name: values[name] + steps[name])
        step = after - self.make(values.__getitem__)
        moved = self.make(steps.__getitem__, slots=True)
        return step.shape == moved.shape and np.allclose(step, moved, rtol=0, atol=_STEP)

    def make(self, read: Read, *, slots: bool = False) -> np.ndarray:
        """Makes the array.

        Args:
            read: variable name → array.
            slots: leave out the steps that change values: ``read`` gives slots, not weights.
        """
        if self.function is None:
            return np.asarray(read(self.text))
        arrays = [parent.make(read, slots=slots) for parent in self.parents]
        if slots and not self.moves:
            return arrays[0]
        return self.function(*arrays)

    def then(
        self,
        text: str,
        function: Callable[..., np.ndarray],
        *others: Recipe,
        shape: Sequence[int] | None = None,
        moves: bool = True,
        permutes: bool = False,
    ) -> Recipe:
        """This recipe with one more step; ``shape`` is worked out where it is not given."""
        parents = (self, *others)
        if shape is None:
            probes = [np.broadcast_to(np.zeros((), np.bool_), p.shape) for p in parents]
            shape = function(*probes).shape
        return Recipe(text, tuple(shape), self.dtype, parents, function, moves, permutes)

    def transpose(self, *axes: int) -> Recipe:
        """The axes in another order."""
        order = axes or tuple(reversed(range(len(self.shape))))
        return self.then(
            f"transpose {list(order)}",
            lambda a: np.transpose(a, order),
            shape=[self.shape[axis] for axis in order],
            permutes=True,
        )

    def reshape(self, *shape: int) -> Recipe:
        """The same numbers in another shape."""
        text = f"reshape {list(shape)}"
        return self.then(text, lambda a: np.reshape(a, shape), shape=shape, permutes=True)

    def rows(self, start: int, stop: int) -> Recipe:
        """A range along the first axis."""
        return self.then(
            f"rows {start} to {stop}",
            lambda a: a[start:stop],
            shape=(max(0, stop - start), *self.shape[1:]),
        )

    def __str__(self) -> str:
        if not self.parents:
            return self.text
        return f"{', '.join(map(str, self.parents))} → {self.text}"


def variable(name: str, shape: Sequence[int], dtype: str) -> Recipe:
    """A variable of the source, as it is."""
    return Recipe(name, tuple(shape), dtype)


def constant(array: np.ndarray, text: str = "constant") -> Recipe:
    """An array of the graph itself."""
    return Recipe(text, array.shape, array.dtype.name, (), lambda: array)


def concatenate(parts: Sequence[Recipe], axis: int) -> Recipe:
    """Parts joined along an axis."""
    if len(parts) == 1:
        return parts[0]
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return parts[0].then(
        f"concatenate {len(parts)} parts along axis {axis}",
        lambda *arrays: np.concatenate(arrays, axis),
        *parts[1:],
        shape=shape,
        permutes=True,
    )
