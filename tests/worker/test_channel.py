"""Frames between the command and its worker."""

from __future__ import annotations

import io

import hypothesis.extra.numpy as arrays
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.worker import channel

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ARRAYS = st.dictionaries(
    st.text(max_size=5),
    arrays.arrays(
        st.sampled_from(["f4", "f8", "i8", "u1", "?", "c8", ">f4"]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    max_size=3,
)


@given(st.dictionaries(st.text(), JSON, max_size=3), ARRAYS)
def test_what_is_sent_arrives(message, sent):
    stream = io.BytesIO()
    channel.send(stream, message, sent)
    stream.seek(0)
    received, got = channel.receive(stream)
    assert received == message
    assert got.keys() == sent.keys()
    for name, array in sent.items():
        assert (got[name].dtype, got[name].shape) == (array.dtype, array.shape)
        assert got[name].tobytes() == array.tobytes()


def test_bfloat16_travels():
    stream = io.BytesIO()
    channel.send(stream, {}, {"w": np.array([1.5, -2.0], ml_dtypes.bfloat16)})
    stream.seek(0)
    assert channel.receive(stream)[1]["w"].dtype == ml_dtypes.bfloat16


def test_python_objects_do_not_travel():
    with pytest.raises(TypeError, match="Python objects"):
        channel.send(io.BytesIO(), {}, {"w": np.array([b"x"], object)})


@given(st.integers(0, 200))
def test_a_stream_that_ends_inside_a_frame_says_so(length):
    stream = io.BytesIO()
    channel.send(stream, {"a": 1}, {"w": np.arange(10.0)})
    whole = stream.getvalue()
    with pytest.raises(EOFError):
        channel.receive(io.BytesIO(whole[: min(length, len(whole) - 1)]))
