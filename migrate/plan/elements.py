"""Which elements of which variables a recipe takes, and which of its own come from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .recipe import Read, Recipe

Count = np.ndarray | int
"""How often each element of a variable is taken: one number, or one an element, flat."""


@dataclass
class Taken:
    """What is taken of variables.

    Attributes:
        counts: variable → how often each of its elements is taken; without it, never.
        new: elements of the results that no variable gives: constants beside them.
    """

    counts: dict[str, Count] = field(default_factory=dict)
    new: int = 0

    def add(self, other: Taken) -> None:
        """Counts what another one takes as well."""
        for name, count in other.counts.items():
            self.counts[name] = self.counts[name] + count if name in self.counts else count
        self.new += other.new

    def covers(self, name: str) -> bool:
        """Whether every element of a variable is taken."""
        return bool(np.all(self.counts.get(name, 0)))

    def repeats(self, name: str) -> bool:
        """Whether an element of a variable is taken more than once."""
        return bool(np.any(np.asarray(self.counts.get(name, 0)) > 1))

    def number(self, name: str, size: int) -> int:
        """How many of a variable's elements, of which there are so many, are taken."""
        count = self.counts.get(name, 0)
        return int(np.count_nonzero(count)) if isinstance(count, np.ndarray) else size * bool(count)


def taken(recipe: Recipe) -> Taken:
    """The elements that a recipe takes.

    Where numbers only move, they are followed one by one. Of a step that changes them, the
    elements of what it begins with count.
    """
    leaves = list(_leaves(recipe))
    sources = [leaf.text for leaf in leaves if leaf.is_variable]
    shapes = {leaf.text: leaf.shape for leaf in leaves if leaf.is_variable}
    if _is_whole(recipe) and len(set(sources)) == len(sources):
        new = sum(math.prod(leaf.shape) for leaf in leaves if not leaf.is_variable)
        return Taken(dict.fromkeys(sources, 1), new)
    if all(step.moves or (len(step.parents) == 1 and not step.identity) for step in _steps(recipe)):
        return followed(lambda read: recipe.make(read, slots=True), shapes)
    total = Taken()
    for part in _parts(recipe):
        total.add(taken(part))
    return Taken({name: np.minimum(count, 1) for name, count in total.counts.items()})


def followed(make: Callable[[Read], np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> Taken:
    """The elements that a function of variables takes, if it only moves them.

    Args:
        make: is given numbers that say where they come from, twice: only constants stay the same.
    """
    total = sum(math.prod(shape) for shape in shapes.values())
    kind = np.int32 if 2 * total < np.iinfo(np.int32).max else np.int64
    first, at = dict[str, int](), 1
    for name, shape in shapes.items():
        first[name], at = at, at + math.prod(shape)

    def numbered(by: int) -> np.ndarray:
        def read(name: str) -> np.ndarray:
            start, size = first[name] + by, math.prod(shapes[name])
            return np.arange(start, start + size, dtype=kind).reshape(shapes[name])

        return np.asarray(make(read)).reshape(-1)

    made = numbered(0)
    moved = numbered(total) - made == total
    places = made[moved].astype(np.int64) - 1
    counts = np.bincount(places, minlength=total)
    return Taken(
        {n: counts[first[n] - 1 : first[n] - 1 + math.prod(s)] for n, s in shapes.items()},
        int(moved.size - np.count_nonzero(moved)),
    )


def _is_whole(recipe: Recipe) -> bool:
    """Whether a recipe takes each of its leaves whole, and moves their numbers at most."""
    return all(step.permutes for step in _steps(recipe))


def _steps(recipe: Recipe) -> Iterable[Recipe]:
    """All steps that have something to work on."""
    waiting = [recipe]
    while waiting:
        step = waiting.pop()
        if step.parents:
            yield step
            waiting.extend(step.parents)


def _leaves(recipe: Recipe) -> Iterable[Recipe]:
    """All variables and constants, as often as they are taken."""
    waiting = [recipe]
    while waiting:
        step = waiting.pop()
        if step.parents:
            waiting.extend(reversed(step.parents))
        else:
            yield step


def _parts(recipe: Recipe) -> Iterable[Recipe]:
    """What the steps that change numbers begin with: their numbers only move."""
    waiting = [recipe]
    while waiting:
        step = waiting.pop()
        if step.only_moves:
            yield step
        else:
            waiting.extend(step.reads or step.parents)
