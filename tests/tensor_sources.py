"""Sources made of arrays, and the strategies that make them up."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import ml_dtypes
import numpy as np
from hypothesis.extra import numpy as hnp
from tfmigrate.checkpoint.tensors import Tensors
from tfmigrate.checkpoint.variable import Variable

NUMERIC = [
    "float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64",
    "complex128 bfloat16 float8_e4m3fn float8_e5m2",
]
DTYPES = " ".join(NUMERIC).split()

shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)

# Anything a checkpoint can hold as a name: UTF-8, hostile on purpose.
names = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.lists(
        st.sampled_from(["..", ".", "", "a", "a.npy", "%2F", "C:", "\\", "\0", "\u202e", "[/b]"]),
        min_size=1,
        max_size=5,
    ).map("/".join),
)


@st.composite
def arrays(draw, dtypes=tuple(DTYPES)):
    """An array of any dtype, its bytes random: every NaN and infinity there is."""
    name = draw(st.sampled_from(dtypes))
    shape = draw(shapes)
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    count = math.prod(shape)
    data = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if name == "bool":
        data = bytes(b & 1 for b in data)
    return np.frombuffer(data, dtype).reshape(shape)


tensors = st.dictionaries(names, arrays(), max_size=5)


def source(arrays: dict[str, np.ndarray]) -> Tensors:
    """What a checkpoint of these arrays would be."""
    variables = {
        name: Variable(name, a.shape, "string" if a.dtype == object else a.dtype.name, a.nbytes)
        for name, a in arrays.items()
    }
    return Tensors(variables, lambda name: arrays[name])


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Bit for bit, shape and dtype too."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
