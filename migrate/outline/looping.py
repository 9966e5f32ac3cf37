"""Equal items in a row, each on what the one before gave, become a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from .body import BlockCall, Body, Item, Loop, Ref, Step, common_scope
from .folding import Last, columns_of, key, merged, replace_runs
from .turns import follows


def loop_up(body: Body, worth: Callable[[Sequence[Item], Loop], bool]) -> None:
    """Makes loops of equal items in a row, where ``worth(items, loop)`` says so."""
    new: dict[int, Loop] = {}
    lengths: dict[int, int] = {}
    instead: dict[Ref, Ref] = {}
    keys = [key(item) for item in body.items]
    last = Last(body)
    spans = [(i, _end(keys, i)) for i, k in enumerate(keys) if i == 0 or keys[i - 1] != k]
    while spans:
        start, end = spans.pop()
        items = body.items[start:end]
        found = _loopable(items, start, last) if len(items) > 1 else None
        if found is not None and worth(items[: found[0]], found[1]):
            count, loop = found
            new[start], lengths[start] = loop, count
            for output in range(loop.outputs):
                instead[Ref(items[count - 1], output)] = Ref(loop, output)
            if start + count < end:
                spans.append((start + count, end))
        elif len(items) > 1:
            spans += [part for part in _counted(items, start) if part != (start, end)]
    if new:
        replace_runs(body, new, lengths, instead)


def _end(keys: Sequence[Any], start: int) -> int:
    end = start + 1
    while end < len(keys) and keys[end] == keys[start]:
        end += 1
    return end


def _counted(items: Sequence[Item], start: int) -> list[tuple[int, int]]:
    """The parts of a row of items whose names count up."""
    names = [
        [str(column.values[0]) for column in columns_of(item) if column.is_name] for item in items
    ]
    cuts = [i for i in range(1, len(items)) if not all(map(follows, names[i - 1], names[i]))]
    ends = [0, *cuts, len(items)]
    return [(start + a, start + b) for a, b in pairwise(ends) if b - a > 1]


def _loopable(items: Sequence[Any], start: int, last: Last) -> tuple[int, Loop] | None:
    """How many of the items, from the first on, are turns of one loop, and the loop."""
    first, second = items[0], items[1]
    if isinstance(first, Loop):
        return None
    carried: dict[int, int] = {}
    for index, (a, b) in enumerate(zip(first.inputs, second.inputs, strict=True)):
        if b.item is first:
            carried[index] = b.number
        elif a != b:
            return None
    if not carried:
        return None
    for result in carried.values():  # one variable goes from turn to turn, and has one start
        starts = {first.inputs[index] for index, kept in carried.items() if kept == result}
        if len(starts) > 1:
            return None
    count = 1
    for before, after in pairwise(items):
        fits = all(
            ref == (Ref(before, carried[index]) if index in carried else first.inputs[index])
            for index, ref in enumerate(after.inputs)
        )
        # What a turn gives is taken by the next turn only.
        alone = all(last(Ref(before, o)) <= start + count for o in range(before.outputs))
        if not fits or not alone:
            break
        count += 1
    if count < 2:
        return None
    chosen = items[:count]
    width = chosen[0].width
    # The lanes of a loop's item are turn after turn of lane 0, then those of lane 1, and so on.
    inner: Any = merged(chosen, first.inputs)
    order = [turn * width + lane for lane in range(width) for turn in range(count)]
    if isinstance(inner, Step):
        inner.columns = []
        inner.slots = [[column[i] for i in order] for column in inner.slots]
        inner.calls = [inner.calls[i] for i in order]
    elif isinstance(inner, BlockCall):
        inner.lanes = [inner.lanes[i] for i in order]
    scope = common_scope([item.scope for item in chosen])
    return count, Loop(inner, [count] * width, list(first.inputs), carried, scope)
