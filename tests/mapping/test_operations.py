"""Each operation of a map has a way back, and says of shapes what it does to arrays."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from tfmigrate.mapping.operations import (
    GRU,
    LSTM,
    Add,
    Cast,
    Concat,
    Gates,
    Reshape,
    Split,
    Transpose,
    apply_all,
    forget_bias,
    shapes_after,
)


def ramp(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype="f4").reshape(shape)


@st.composite
def steps_and_arrays(draw):
    """Arrays, and an operation that fits them and says enough for the way back."""
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    axis = draw(st.integers(-rank, rank - 1))
    kind = draw(st.sampled_from(["transpose", "reverse", "reshape", "split", "concat", "gates"]))
    if kind == "transpose":
        return Transpose(tuple(draw(st.permutations(range(rank))))), [ramp(*shape)]
    if kind == "reverse":
        return Transpose(), [ramp(*shape), ramp(*shape)]
    if kind == "reshape":
        return Reshape((int(np.prod(shape)),), shape), [ramp(*shape)]
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    whole = list(shape)
    whole[axis] = sum(sizes)
    if kind == "split":
        return Split(axis, tuple(sizes)), [ramp(*whole)]
    if kind == "concat":
        parts = np.split(ramp(*whole), np.cumsum(sizes)[:-1], axis)
        return Concat(axis, tuple(sizes)), parts
    names = tuple("ijfo"[: draw(st.integers(1, 4))])
    whole[axis] = len(names) * shape[axis]
    return Gates(names, tuple(draw(st.permutations(names))), axis), [ramp(*whole)]


@given(steps_and_arrays())
def test_back_again_is_where_it_began_bit_for_bit(case):
    step, arrays = case
    there = step.apply(arrays)
    assert step.shapes([a.shape for a in arrays]) == [a.shape for a in there]
    back = step.inverse().apply(there)
    assert len(back) == len(arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, back, strict=True))


def test_lstm_gates_are_those_of_keras():
    i, j, f, o = (np.full((2, 3), n, "f4") for n in range(4))
    (made,) = LSTM.apply([np.concatenate([i, j, f, o], 1)])
    assert np.array_equal(made, np.concatenate([i, f, j, o], 1))


def test_a_forget_bias_is_added_to_the_second_gate_alone():
    (made,) = forget_bias(1.0).apply([np.zeros(8, "f4")])
    assert made.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert made.dtype == np.float32


def test_gru_gates_are_those_of_keras():
    (made,) = apply_all([Concat(-1), GRU], [np.array([1, 2]), np.array([3])])
    assert made.tolist() == [2, 1, 3]


def test_a_cast_rounds_as_numpy_does():
    (made,) = Cast("float32").apply([np.array([1 / 3])])
    assert made.dtype == np.float32
    assert made[0] == np.float32(1 / 3)
    with pytest.raises(ValueError, match="no dtype 'float33'"):
        Cast("float33")


@pytest.mark.parametrize(
    ("step", "shapes", "words"),
    [
        (Transpose((0, 2)), [(2, 3)], "does not name the 2 axes"),
        (Reshape((5,)), [(2, 3)], "sizes differ"),
        (Reshape((6,), was=(3, 2)), [(2, 3)], "was"),
        (Split(0, (1, 2)), [(2, 3)], "of 2 along axis 0"),
        (Split(0, (1, 1)), [(2,), (2,)], "one tensor"),
        (Split(2, (1, 2)), [(2, 3)], "no axis 2"),
        (Concat(0), [(2, 3), (2, 4)], "do not fit"),
        (Concat(0, (1, 1)), [(2, 3), (2, 3)], "sizes"),
        (LSTM, [(2, 3)], "4 gates"),
        (Gates(("a",), ("b",)), [(2,)], "differ"),
        (Add(1.0, 0, 4), [(3,)], "4 blocks"),
    ],
)
def test_what_does_not_fit_is_said_in_words(step, shapes, words):
    with pytest.raises(ValueError, match=words):
        shapes_after([step], shapes)


@pytest.mark.parametrize("step", [Reshape((6,)), Concat(0), Cast("float32")])
def test_a_step_that_does_not_say_enough_has_no_way_back(step):
    with pytest.raises(ValueError, match="needs"):
        step.inverse()
