"""The V1 format: table files that hold the tensors themselves, as SavedTensorSlices messages.

Messages: tensorflow/core/util/saved_tensor_slice.proto. The entry with the empty key lists the
tensors of the file; each slice of a tensor is an entry of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .slices import Box, Extents, boxes, parse_extents, slice_key
from .table import Table
from .variable import Variable, element_type, item_size, numpy_dtype, parse_shape
from .wire import Buffer, MalformedError, damaged, message

_PIECE = 1 << 20  # bytes of varints decoded at a time: the working arrays are 50 times that

# Where TensorProto (tensorflow/core/framework/tensor.proto) keeps packed numbers of fixed width …
_FIXED = {
    "float32": (0x2A, "<f4"),
    "float64": (0x32, "<f8"),
    "complex64": (0x4A, "<c8"),
    "complex128": (0x62, "<c16"),
}
# … and of variable width; everything small is in int_val.
_INT_VAL, _STRING_VAL = 0x3A, 0x42
_VARINTS = {
    "int64": 0x52,
    "bool": 0x5A,
    "float16": 0x6A,
    "bfloat16": 0x6A,
    "uint32": 0x82,
    "uint64": 0x8A,
}


class TableCheckpoint:
    """An open V1 checkpoint of one file or of several shards.

    Raises:
        UserError: a file is damaged, or is no V1 checkpoint.
    """

    format = "v1"

    def __init__(self, files: tuple[Path, ...]):
        self.files = files
        self.notes: list[str] = []
        self._tables = [Table(path) for path in files]
        self._where: dict[str, list[tuple[Table, Extents]]] = {}
        self.variables: dict[str, Variable] = {}
        for table in self._tables:
            self._load(table)

    def read(self, name: str) -> np.ndarray:
        """One tensor; see :meth:`Checkpoint.read`."""
        variable = self.variables[name]
        parts = self._where[name]
        table = parts[0][0]
        try:
            # All proportions are checked against the bytes that are there before anything is
            # allocated, so that a claimed 2^60 elements costs nothing.
            placed = boxes(variable.shape, [extents for _, extents in parts])
            if len(parts) == 1:
                return self._slice(*parts[0], variable, placed[0])
            pieces = 0
            for table, extents in parts:
                pieces += len(self._value(table, name, extents))
            if pieces < variable.size:
                raise MalformedError(f"{pieces} bytes for {variable.size} elements")
            array: np.ndarray = np.empty(variable.shape, numpy_dtype(variable.dtype))
            for (table, extents), box in zip(parts, placed, strict=True):
                array[box] = self._slice(table, extents, variable, box)
            return array
        except MalformedError as error:
            raise damaged(table.path, str(error), tensor=name) from None

    def chunks(self, name: str, chunk_bytes: int) -> Iterator[np.ndarray]:
        """One tensor piece by piece; see :meth:`Checkpoint.read_flat_chunks`."""
        flat = self.read(name).reshape(-1)
        step = max(chunk_bytes // max(flat.itemsize, 1), 1)
        for start in range(0, flat.size, step):
            yield flat[start : start + step]

    def close(self) -> None:
        """Let go of the blocks kept in memory."""
        for table in self._tables:
            table.close()

    def _load(self, table: Table) -> None:
        name = ""
        try:
            value = table.get(b"")
            if value is None:
                raise MalformedError("no list of tensors: not a V1 checkpoint")
            for tag, meta in message(value):
                if tag != 0x0A or isinstance(meta, int):
                    continue
                for inner, described in message(meta):
                    if inner == 0x0A and not isinstance(described, int):
                        name, shape, dtype, slices = _parse_description(described)
                        self._add(table, name, shape, dtype, slices)
        except MalformedError as error:
            raise damaged(table.path, str(error), tensor=name or None) from None

    def _add(
        self, table: Table, name: str, shape: tuple[int, ...], dtype: str, slices: list[Extents]
    ) -> None:
        if not slices:
            raise MalformedError("a tensor without slices, so without values")
        nbytes = math.prod(shape) * item_size(dtype)
        known = self._where.setdefault(name, [])
        known += [(table, extents) for extents in slices]
        variable = Variable(name, shape, dtype, nbytes, len(known) > 1)
        before = self.variables.setdefault(name, variable)
        if (before.shape, before.dtype) != (shape, dtype):
            raise MalformedError("shape or type differs between shards")
        self.variables[name] = variable

    def _value(self, table: Table, name: str, extents: Extents) -> memoryview:
        """The TensorProto of one slice."""
        entry = table.get(slice_key(name, extents))
        if entry is None:
            raise MalformedError("listed, but not in the file")
        for tag, data in message(entry):
            if tag == 0x12 and isinstance(data, memoryview):
                for inner, tensor in message(data):
                    if inner == 0x1A and isinstance(tensor, memoryview):
                        return tensor
        raise MalformedError("an entry without a tensor")

    def _slice(self, table: Table, extents: Extents, variable: Variable, box: Box) -> np.ndarray:
        shape = tuple(s.stop - s.start for s in box)
        tensor = self._value(table, variable.name, extents)
        values = _tensor_values(tensor, variable.dtype, math.prod(shape))
        return values.reshape(shape)


def _parse_description(data: Buffer) -> tuple[str, tuple[int, ...], str, list[Extents]]:
    """A SavedSliceMeta."""
    name = ""
    shape: tuple[int, ...] = ()
    dtype = 0
    slices = []
    for tag, value in message(data):
        if isinstance(value, int):
            if tag == 0x18:
                dtype = value
        elif tag == 0x0A:
            try:
                name = bytes(value).decode()
            except UnicodeDecodeError:
                raise MalformedError(f"name {bytes(value[:80])!r} is not UTF-8") from None
        elif tag == 0x12:
            shape = parse_shape(value)
        elif tag == 0x22:
            slices.append(parse_extents(value))
    if not name:
        raise MalformedError("a tensor without a name")
    return name, shape, element_type(dtype).name, slices


def _tensor_values(tensor: memoryview, dtype: str, count: int) -> np.ndarray:
    """The elements of a TensorProto, flat, as the writer's one field of that type holds them."""
    if dtype == "string":
        strings = [
            bytes(v) for t, v in message(tensor) if t == _STRING_VAL and isinstance(v, memoryview)
        ]
        _check_count(len(strings), count)
        values = np.empty(count, object)
        values[:] = strings
        return values
    target = numpy_dtype(dtype)
    wanted, fixed = _FIXED.get(dtype) or (_VARINTS.get(dtype, _INT_VAL), None)
    packed = [v for t, v in message(tensor) if t == wanted and isinstance(v, memoryview)]
    if fixed is not None:
        data = np.frombuffer(packed[0] if len(packed) == 1 else b"".join(packed), np.uint8)
        _check_count(data.size, count * target.itemsize)
        return data.view(fixed).astype(target)  # a copy: the block is not kept alive
    if sum(map(len, packed)) < count:
        raise MalformedError(f"{sum(map(len, packed))} bytes for {count} elements")
    values = np.empty(count, target)
    filled = 0
    for piece in packed:
        for numbers in _packed_varints(np.frombuffer(piece, np.uint8)):
            if numbers.size > count - filled:
                raise MalformedError(f"more than the {count} elements of its shape")
            part = values[filled : filled + numbers.size]
            if _VARINTS.get(dtype) == 0x6A:
                part[:] = numbers.astype(np.uint16).view(target)
            else:
                part[:] = numbers.view(np.int64).astype(target)
            filled += numbers.size
    _check_count(filled, count)
    return values


def _check_count(got: int, wanted: int) -> None:
    if got != wanted:
        raise MalformedError(f"{got} instead of the {wanted} of its shape")


def _packed_varints(data: np.ndarray) -> Iterator[np.ndarray]:
    """Packed varints as uint64 arrays, a piece at a time."""
    at = 0
    while at < data.size:
        piece = data[at : at + _PIECE]
        last = np.flatnonzero(piece < 0x80)
        if not last.size:
            raise MalformedError("packed numbers that do not end")
        first = np.concatenate(([0], last[:-1] + 1))
        lengths = last - first + 1
        if lengths.max() > 10:
            raise MalformedError("a number of more than 64 bits")
        values = np.zeros(last.size, np.uint64)
        for i in range(lengths.max()):
            longer = lengths > i
            digits = piece[first[longer] + i].astype(np.uint64) & 0x7F
            values[longer] |= digits << np.uint64(7 * i)
        yield values
        at += int(last[-1]) + 1
