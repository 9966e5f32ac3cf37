"""TensorProto → numpy array, and attribute values → plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...errors import UserError, printable
from ..dtypes import NUMPY_DTYPES, FunctionName, dtype_name

# Which repeated field holds a dtype's values where tensor_content does not.
_VALUE_FIELDS = {
    1: "float_val", 2: "double_val", 7: "string_val", 8: "scomplex_val", 9: "int64_val",
    10: "bool_val", 14: "half_val", 18: "dcomplex_val", 19: "half_val", 22: "uint32_val",
    23: "uint64_val",
}  # fmt: skip

_LARGEST_FILL = 1 << 26  # elements that a tensor may have beyond those the file spells out


def decode_shape(shape: Any) -> tuple[int | None, ...] | None:
    """TensorShapeProto → a tuple with None for unknown dimensions, or None for unknown rank."""
    if shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)


def decode_tensor(proto: Any) -> np.ndarray:
    """TensorProto → a read-only array; strings become an object array of bytes.

    A file that spells out one value for a whole tensor (TensorFlow does so for constant fills)
    yields a broadcast view: an absurd shape allocates nothing.

    Raises:
        UserError: the dtype has no values, or shape and values disagree.
    """
    number = proto.dtype % 100
    kind = dtype_name(proto.dtype)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise UserError("a constant in the graph has no fixed shape", expected="known dimensions")
    if len(shape) > 64:
        raise UserError(f"a constant in the graph has {len(shape)} dimensions")
    size = math.prod(shape)
    if number != 7 and number not in NUMPY_DTYPES:
        raise UserError(f"a constant in the graph has dtype {kind}", expected="a dtype of values")
    dtype = np.dtype(object) if number == 7 else np.dtype(NUMPY_DTYPES[number])
    values: np.ndarray
    if proto.tensor_content and number != 7:
        if len(proto.tensor_content) != size * dtype.itemsize:
            raise _mismatch(shape, kind, f"{len(proto.tensor_content)} bytes")
        values = np.frombuffer(proto.tensor_content, dtype)
    else:
        listed = getattr(proto, _VALUE_FIELDS.get(number, "int_val"))
        if number == 7:
            values = np.empty(len(listed), object)
            values[:] = list(listed)
        elif number in (14, 19):  # 16-bit floats travel as the integers of their bits
            values = np.asarray(listed, np.int64).astype(np.uint16).view(dtype)
        elif number in (8, 18):  # real and imaginary parts take turns
            parts = np.asarray(listed, np.float64)
            values = (parts[0::2][: len(parts) // 2] + 1j * parts[1::2]).astype(dtype)
        else:
            wide = np.asarray(listed, np.uint64 if number == 23 else None)
            values = wide.astype(dtype)
    array = _fill(values, size, shape, kind)
    array.flags.writeable = False
    return array


def _fill(values: np.ndarray, size: int, shape: list[int], kind: str) -> np.ndarray:
    """The listed values in the given shape, the last one repeated to the end."""
    if size == 0:
        if any(side > _LARGEST_FILL for side in shape):
            raise _mismatch(shape, kind, "0 values")
        return np.empty(shape, values.dtype)
    if len(values) > size:
        raise _mismatch(shape, kind, f"{len(values)} values")
    if len(values) == size:
        return values.reshape(shape)
    if len(values) <= 1:
        default = b"" if values.dtype == object else 0
        one = values[0] if len(values) else np.asarray(default, values.dtype)
        try:
            return np.broadcast_to(np.asarray(one, values.dtype), shape)
        except ValueError:
            raise _mismatch(shape, kind, f"{len(values)} values") from None
    if size - len(values) > _LARGEST_FILL:
        raise _mismatch(shape, kind, f"{len(values)} values")
    filled = np.empty(size, values.dtype)
    filled[: len(values)], filled[len(values) :] = values, values[-1]
    return filled.reshape(shape)


def _mismatch(shape: list[int], kind: str, received: str) -> UserError:
    return UserError(
        f"a {kind} constant in the graph has shape {printable(shape)} but {received}",
        expected="as many values as the shape has elements",
    )


def _decode_value(kind: str, value: Any) -> Any:
    if kind == "s":
        # Text reads better as str; bytes stay where they are no text.
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    if kind == "type":
        return dtype_name(value)
    if kind == "shape":
        return decode_shape(value)
    if kind == "tensor":
        return decode_tensor(value)
    if kind == "func":
        return FunctionName(value.name)
    return value


_LIST_KINDS = ("s", "i", "f", "b", "type", "shape", "tensor", "func")


def decode_attr(attr: Any) -> Any:
    """AttrValue → int, float, bool, str, bytes, dtype name, shape, array, function or a list."""
    kind = attr.WhichOneof("kind")
    if kind == "list":
        for member in _LIST_KINDS:
            values = getattr(attr.list, member)
            if values:
                return [_decode_value(member, value) for value in values]
        return []
    return _decode_value(kind, getattr(attr, kind))


class Attrs(Mapping[str, Any]):
    """A node's attributes, each decoded when it is first asked for.

    One without a value, which TensorFlow refuses, is none.
    """

    __slots__ = ("_decoded", "_proto")

    def __init__(self, proto: Any):
        self._proto = proto
        self._decoded: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._decoded:
            if key not in self:
                raise KeyError(key)
            self._decoded[key] = decode_attr(self._proto[key])
        return self._decoded[key]

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str) or key not in self._proto:  # indexing would create the entry
            return False
        return self._proto[key].WhichOneof("kind") is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(key for key in self._proto if key in self))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Attrs({sorted(self)})"
