"""DataTypes of TensorFlow: their numbers, names and numpy dtypes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

# tensorflow/core/framework/types.proto; a reference type is its value plus 100.
DATA_TYPES = {
    "DT_INVALID": 0,
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_COMPLEX64": 8,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_QINT8": 11,
    "DT_QUINT8": 12,
    "DT_QINT32": 13,
    "DT_BFLOAT16": 14,
    "DT_QINT16": 15,
    "DT_QUINT16": 16,
    "DT_UINT16": 17,
    "DT_COMPLEX128": 18,
    "DT_HALF": 19,
    "DT_RESOURCE": 20,
    "DT_VARIANT": 21,
    "DT_UINT32": 22,
    "DT_UINT64": 23,
}

DTYPE_NAMES = {
    number: name.removeprefix("DT_").lower() for name, number in DATA_TYPES.items() if number
} | {1: "float32", 2: "float64", 19: "float16"}
"""DataType number → the name TensorFlow prints, such as 1 → "float32"."""


# The quantized types are stored as the integers they are made of.
NUMPY_DTYPES: dict[int, Any] = {
    1: np.float32, 2: np.float64, 3: np.int32, 4: np.uint8, 5: np.int16, 6: np.int8,
    8: np.complex64, 9: np.int64, 10: np.bool_, 11: np.int8, 12: np.uint8, 13: np.int32,
    14: ml_dtypes.bfloat16, 15: np.int16, 16: np.uint16, 17: np.uint16, 18: np.complex128,
    19: np.float16, 22: np.uint32, 23: np.uint64,
}  # fmt: skip


def dtype_name(number: int) -> str:
    """The name of a DataType number; reference types read as the type they refer to."""
    return DTYPE_NAMES.get(number % 100, f"unknown_{number}")


def numpy_dtype(name: str) -> np.dtype | None:
    """The numpy dtype of a DataType name ("bfloat16" too), or None ("resource", "string" …)."""
    for number, known in DTYPE_NAMES.items():
        if known == name:
            kind = NUMPY_DTYPES.get(number)
            return None if kind is None else np.dtype(kind)
    return None


class FunctionName(str):
    """The name of a library function, as an attribute value."""

    __slots__ = ()
