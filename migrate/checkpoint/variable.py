"""A variable as a checkpoint describes it: name, shape, element type.

The numbers are those of ``enum DataType`` in tensorflow/core/framework/types.proto.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .wire import Buffer, MalformedError, message, signed


class ElementType(NamedTuple):
    """One value of ``DataType``: its TensorFlow name, bytes an element, and the numpy dtype."""

    name: str
    size: int  # bytes; 0: varies
    numpy: str | None  # None: no numbers in it (resource handles, variants)


ELEMENT_TYPES: dict[int, ElementType] = {
    1: ElementType("float32", 4, "float32"),
    2: ElementType("float64", 8, "float64"),
    3: ElementType("int32", 4, "int32"),
    4: ElementType("uint8", 1, "uint8"),
    5: ElementType("int16", 2, "int16"),
    6: ElementType("int8", 1, "int8"),
    7: ElementType("string", 0, "object"),
    8: ElementType("complex64", 8, "complex64"),
    9: ElementType("int64", 8, "int64"),
    10: ElementType("bool", 1, "bool"),
    11: ElementType("qint8", 1, "int8"),
    12: ElementType("quint8", 1, "uint8"),
    13: ElementType("qint32", 4, "int32"),
    14: ElementType("bfloat16", 2, "bfloat16"),
    15: ElementType("qint16", 2, "int16"),
    16: ElementType("quint16", 2, "uint16"),
    17: ElementType("uint16", 2, "uint16"),
    18: ElementType("complex128", 16, "complex128"),
    19: ElementType("float16", 2, "float16"),
    20: ElementType("resource", 0, None),
    21: ElementType("variant", 0, None),
    22: ElementType("uint32", 4, "uint32"),
    23: ElementType("uint64", 8, "uint64"),
    24: ElementType("float8_e5m2", 1, "float8_e5m2"),
    25: ElementType("float8_e4m3fn", 1, "float8_e4m3fn"),
    26: ElementType("float8_e4m3fnuz", 1, "float8_e4m3fnuz"),
    27: ElementType("float8_e4m3b11fnuz", 1, "float8_e4m3b11fnuz"),
    28: ElementType("float8_e5m2fnuz", 1, "float8_e5m2fnuz"),
}

_BY_NAME = {e.name: e for e in ELEMENT_TYPES.values()}
_MAX_RANK = 64  # numpy's; TensorFlow's own is 254, and no variable comes near either


@dataclass(frozen=True, slots=True)
class Variable:
    """The description of one tensor in a checkpoint, before its values are read."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # TensorFlow's name: "float32", "bfloat16", "string", …
    nbytes: int  # in the file; strings with their lengths, and 0 for those of a V1 file
    partitioned: bool = False  # stored as slices and joined on reading

    @property
    def size(self) -> int:
        """How many elements."""
        return math.prod(self.shape)


def element_type(number: int) -> ElementType:
    """The element type of a ``DataType`` number; MalformedError for one that does not exist."""
    try:
        return ELEMENT_TYPES[number]
    except KeyError:
        raise MalformedError(f"unknown dtype number {number}") from None


def item_size(name: str) -> int:
    """Bytes an element of a TensorFlow type takes in a file; 0 where that varies."""
    return _BY_NAME[name].size


def numpy_dtype(name: str) -> np.dtype:
    """The numpy dtype that holds a TensorFlow element type; ml_dtypes supplies the exotic ones."""
    kind = _BY_NAME[name].numpy
    if kind is None:
        raise MalformedError(f"the dtype {name} is not numeric")
    if kind.startswith(("bfloat", "float8")):
        import ml_dtypes  # only here: most checkpoints have none, and listing needs none

        return np.dtype(getattr(ml_dtypes, kind))
    return np.dtype(kind)


def parse_shape(data: Buffer) -> tuple[int, ...]:
    """A TensorShapeProto (tensorflow/core/framework/tensor_shape.proto) as a tuple.

    Raises:
        MalformedError: unknown or negative dimensions, a rank above 64, or more than 2^63 bytes
            whatever the element type.
    """
    shape: list[int] = []
    for tag, value in message(data):
        if tag == 0x12 and not isinstance(value, int):
            sizes = [n for t, n in message(value) if t == 0x08 and isinstance(n, int)]
            shape.append(signed(sizes[-1]) if sizes else 0)
        elif tag == 0x18 and value:
            raise MalformedError("a shape of unknown rank")
    if len(shape) > _MAX_RANK:
        raise MalformedError(f"a tensor of rank {len(shape)}")
    if min(shape, default=0) < 0:
        raise MalformedError(f"a negative dimension in shape {shape}")
    # Zeros are left out: numpy and TensorFlow both refuse (2^40, 2^40, 0).
    if math.prod(n for n in shape if n) >> 59:
        raise MalformedError(f"an impossible shape {shape}")
    return tuple(shape)
