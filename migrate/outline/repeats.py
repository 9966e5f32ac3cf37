"""Runs that occur again in a sequence, by its suffix array: linear but for sorting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Repeat:
    """A run of ``length`` that occurs at each of ``places``, which may overlap."""

    length: int
    places: list[int]


def repeats(
    sequence: Sequence[int], weights: Sequence[float], shortest: int = 2, most: int = 200
) -> Iterator[tuple[float, Repeat]]:
    """The repeats that promise most, with what they would save at best.

    Args:
        weights: of each element: the lines it takes.
        shortest: length of a run.
        most: how many repeats are looked at.
    """
    if len(sequence) < 2 * shortest:
        return
    order, common = _suffixes(np.asarray(sequence))
    total = np.concatenate([[0.0], np.cumsum(np.asarray(weights, float))])
    lengths, lefts, rights = _intervals(common, shortest)
    if not len(lengths):
        return
    # Copies that overlap are copies in a row: a copy is what lies between two of them.
    lowest, highest = _extremes(order, lefts, rights)
    count = rights - lefts + 1
    alone = np.minimum(lengths, np.maximum(1, (highest - lowest) // (count - 1)))
    first = order[lefts]
    saved = (total[first + alone] - total[first]) * (count - 1)
    for index in np.argsort(-saved, kind="stable")[:most]:
        if saved[index] <= 0:
            return
        places = np.sort(order[lefts[index] : rights[index] + 1]).tolist()
        yield float(saved[index]), Repeat(int(lengths[index]), places)


def _suffixes(sequence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The suffix array, and how much each suffix has in common with the one before it."""
    count = len(sequence)
    rank = np.unique(sequence, return_inverse=True)[1].astype(np.int64)
    step = 1
    while True:
        later = np.full(count, -1, np.int64)
        later[: count - step] = rank[step:] if step < count else []
        keys = rank * (count + 1) + later + 1
        order = np.argsort(keys, kind="stable")
        changed = np.concatenate([[0], np.cumsum(keys[order][1:] != keys[order][:-1])])
        rank = np.empty(count, np.int64)
        rank[order] = changed
        if changed[-1] == count - 1 or step >= count:
            break
        step = min(2 * step, count)
    return order, _common(sequence.tolist(), order.tolist(), rank.tolist())


def _common(sequence: list[int], order: list[int], rank: list[int]) -> np.ndarray:
    """Kasai's algorithm (2001): common prefixes of neighbors, in linear time."""
    count, length = len(sequence), 0
    common = np.zeros(count, np.int64)
    for place in range(count):
        if rank[place] == 0:
            length = 0
            continue
        other = order[rank[place] - 1]
        while (
            place + length < count
            and other + length < count
            and sequence[place + length] == sequence[other + length]
        ):
            length += 1
        common[rank[place]] = length
        length = max(0, length - 1)
    return common


def _intervals(common: np.ndarray, shortest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths and ends of the groups of suffixes that begin with the same run."""
    lengths, lefts, rights = [], [], []
    stack: list[tuple[int, int]] = []
    for place, value in enumerate([*common.tolist(), 0]):
        left = place - 1
        while stack and stack[-1][0] > value:
            length, left = stack.pop()
            if length >= shortest:
                lengths.append(length)
                lefts.append(left)
                rights.append(place - 1)
        if value and (not stack or stack[-1][0] < value):
            stack.append((value, max(left, 0)))
    return np.array(lengths, int), np.array(lefts, int), np.array(rights, int)


def _extremes(
    order: np.ndarray, lefts: np.ndarray, rights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest element of each range, by tables of powers of two."""
    lows, highs = [order], [order]
    while 2 ** len(lows) <= len(order):
        half = 2 ** (len(lows) - 1)
        lows.append(np.minimum(lows[-1][:-half], lows[-1][half:]))
        highs.append(np.maximum(highs[-1][:-half], highs[-1][half:]))
    lowest, highest = np.empty(len(lefts), int), np.empty(len(lefts), int)
    level = np.log2(rights - lefts + 1).astype(int)
    for each in range(len(lows)):
        at = np.flatnonzero(level == each)
        ends = rights[at] - 2**each + 1
        lowest[at] = np.minimum(lows[each][lefts[at]], lows[each][ends])
        highest[at] = np.maximum(highs[each][lefts[at]], highs[each][ends])
    return lowest, highest
