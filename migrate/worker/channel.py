"""Messages between the command and its worker: a JSON document and numpy arrays, never pickles.

A frame is the length of its header (8 bytes, little-endian), the header (JSON: the message and the
name, dtype and shape of each array), then the arrays' bytes in C order. A worker may run a
stranger's graph, so nothing that it sends is ever evaluated.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

_LENGTH = struct.Struct("<Q")
_MAX_HEADER = 1 << 30


def send(
    stream: BinaryIO, message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
) -> None:
    """Writes one frame and flushes.

    Raises:
        TypeError: an array holds Python objects.
        BrokenPipeError: the other end is gone.
    """
    contiguous = {name: np.ascontiguousarray(a) for name, a in (arrays or {}).items()}
    for name, array in contiguous.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects; send bytes or numbers")
    specs = [
        {"name": name, "dtype": _dtype_name(array.dtype), "shape": (arrays or {})[name].shape}
        for name, array in contiguous.items()
    ]
    header = json.dumps({"message": message, "arrays": specs}).encode()
    stream.write(_LENGTH.pack(len(header)))
    stream.write(header)
    for array in contiguous.values():
        if array.size:
            stream.write(memoryview(array.reshape(-1).view(np.uint8)))  # type: ignore[arg-type]
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads one frame.

    Raises:
        EOFError: the stream ended, between frames or inside one.
        ValueError: what came is no frame.
    """
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if length > _MAX_HEADER:
        raise ValueError("not a frame")
    header = json.loads(_read_exactly(stream, length))
    arrays = {}
    for spec in header["arrays"]:
        array = np.empty(spec["shape"], _dtype(spec["dtype"]))
        if array.size:
            _read_into(stream, memoryview(array.reshape(-1).view(np.uint8).data))
        arrays[spec["name"]] = array
    return header["message"], arrays


def _dtype_name(dtype: np.dtype) -> str:
    # ml_dtypes' types (bfloat16) have no array-interface string of their own: go by name.
    return dtype.name if dtype.kind == "V" else dtype.str


def _dtype(name: str) -> np.dtype:
    if name[0] not in "<>|=":
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(name)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray(size)
    _read_into(stream, memoryview(data))
    return bytes(data)


def _read_into(stream: BinaryIO, view: memoryview) -> None:
    while view:
        count = stream.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError("the stream ended")
        view = view[count:]
