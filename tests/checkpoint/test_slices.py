"""Slices: their keys sort like what they stand for, and a whole is told from a heap of parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.checkpoint.slices import FULL, boxes, slice_key
from tfmigrate.checkpoint.wire import MalformedError

NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-200, 20_000)
NAMES = st.text(st.characters(codec="utf-8"), max_size=6)


@given(numbers=st.lists(NUMBERS, min_size=2, max_size=2))
def test_keys_sort_like_numbers(numbers):
    keys = [slice_key("w", ((number, 1),)) for number in numbers]
    assert (keys[0] < keys[1]) == (numbers[0] < numbers[1])


@given(names=st.lists(NAMES, min_size=2, max_size=2))
def test_keys_sort_like_names(names):
    """By their UTF-8 bytes, one being a prefix of the other or holding NUL notwithstanding."""
    keys = [slice_key(name, ((0, FULL),)) for name in names]
    first, second = (name.encode() for name in names)
    assert (keys[0] < keys[1]) == (first < second)


def test_keys_as_tensorflow_writes_them():
    """From an index that TensorFlow 1.15 wrote: a variable cut in three along its rows."""
    for extents, end in [
        (((0, 17), (0, 8)), b"\x80\x91\x80\x88"),
        (((17, 17), (0, 8)), b"\x91\x91\x80\x88"),
        (((34, 16), (0, 8)), b"\xa2\x90\x80\x88"),
    ]:
        assert slice_key("emb/table", extents) == b"\x00emb/table\x00\x01\x01\x02" + end


@st.composite
def parts_of_a_shape(draw):
    shape = tuple(draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)))
    extent = st.integers(0, 3).flatmap(lambda a: st.tuples(st.just(a), st.integers(0, 4)))
    extents = st.tuples(*[st.just((0, FULL)) | extent for _ in shape])
    return shape, draw(st.lists(extents, min_size=1, max_size=4))


@given(parts_of_a_shape())
def test_parts_make_a_whole_when_each_element_is_covered_once(case):
    shape, parts = case
    covered = np.zeros(shape, int)
    inside = True
    for extents in parts:
        stops = [n if b == FULL else a + b for (a, b), n in zip(extents, shape, strict=True)]
        inside &= all(stop <= n for stop, n in zip(stops, shape, strict=True))
        box = tuple(slice(a, stop) for (a, _), stop in zip(extents, stops, strict=True))
        covered[box] += 1
    if inside and (covered == 1).all():
        placed = boxes(shape, parts)
        assert len(placed) == len(parts)
    else:
        with pytest.raises(MalformedError):
            boxes(shape, parts)


def test_many_slices_are_checked_in_no_time():
    side = 200
    parts = [((i, 1), (j, 1)) for i in range(side) for j in range(side)]
    assert len(boxes((side, side), parts)) == side * side
    with pytest.raises(MalformedError, match="do not tile"):
        boxes((side, side), [*parts[:-1], ((0, 1), (0, 1))])
