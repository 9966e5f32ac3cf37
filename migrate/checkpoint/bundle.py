"""The V2 format, a tensor bundle: the .data files of raw tensors that an .index points into.

Layout and checksums: tensorflow/core/util/tensor_bundle/tensor_bundle.cc.

Data is read with plain reads into the array that is handed out, not through a memory map: a map
costs a page fault every 4 KiB, counts whole files as the process's memory, and kills the process
when another one truncates the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Literal

import google_crc32c
import numpy as np

from ..errors import UserError, printable
from .index import Entry, read_index
from .locate import LFS_SIGNATURE
from .slices import Box, boxes
from .table import mask, unreadable
from .variable import Variable, numpy_dtype
from .wire import MalformedError, damaged, varint

_MAX_POINTER = 1024  # bytes; the specification of Git LFS has pointers below that
_CHUNK = 2 << 20  # bytes read and checked at a time: they are still in the cache for the checksum


class Bundle:
    """An open V2 checkpoint.

    Args:
        prefix: what ``.index`` and ``.data-…`` follow; may end with a slash (empty basename).

    Raises:
        UserError: the index is damaged, or data it points at is missing or cut short.
    """

    format = "v2"

    def __init__(self, prefix: str):
        self._prefix = prefix
        self._path = Path(prefix + ".index")
        index = read_index(self._path)
        self._entries, self._num_shards, self._swap = index.entries, index.num_shards, index.swap
        self.notes = index.notes
        self.variables = {name: self._describe(name, e) for name, e in self._entries.items()}
        self.files = (self._path, *self._check_shards())

    def read(self, name: str) -> np.ndarray:
        """One tensor; see :meth:`Checkpoint.read`."""
        entry = self._entries[name]
        try:
            if entry.dtype == "string":
                return self._read_strings(name, entry)
            dtype = numpy_dtype(entry.dtype)
            placed = _placed(entry) if entry.parts else ()
            array: np.ndarray = np.empty(entry.shape, dtype)
            if not entry.parts:
                self._read_bytes(name, entry, array)
            for box, part in placed:
                target = array[box]
                if box and target.flags.c_contiguous:  # the whole of a scalar is no view of it
                    self._read_bytes(name, part, target)
                else:
                    piece = np.empty(part.shape, dtype)
                    self._read_bytes(name, part, piece)
                    array[box] = piece
            return self._native(array)
        except MalformedError as error:
            raise damaged(self._path, str(error), tensor=name) from None

    def chunks(self, name: str, chunk_bytes: int) -> Iterator[np.ndarray]:
        """One tensor piece by piece; see :meth:`Checkpoint.read_flat_chunks`."""
        entry = self._entries[name]
        if entry.parts or entry.dtype == "string":
            yield self.read(name).reshape(-1)
            return
        try:
            dtype = numpy_dtype(entry.dtype)
        except MalformedError as error:
            raise damaged(self._path, str(error), tensor=name) from None
        path = self._shard_path(entry.shard)
        step = max(chunk_bytes // dtype.itemsize, 1) * dtype.itemsize
        crc = done = 0
        try:
            with open(path, "rb", buffering=0) as file:
                while done < entry.size:
                    piece = np.empty(min(step, entry.size - done) // dtype.itemsize, dtype)
                    crc = _fill(file, piece, entry.offset + done, crc)
                    done += piece.nbytes
                    yield self._native(piece)
        except OSError as error:
            raise unreadable(path, error) from None
        self._check(name, entry, crc)

    def close(self) -> None:
        """Nothing to let go of."""

    def _describe(self, name: str, entry: Entry) -> Variable:
        nbytes = sum(part.entry.size for part in entry.parts) if entry.parts else entry.size
        return Variable(name, entry.shape, entry.dtype, nbytes, bool(entry.parts))

    def _check_shards(self) -> tuple[Path, ...]:
        needed: dict[int, tuple[int, str]] = {}
        for name, entry in self._entries.items():
            for stored in [part.entry for part in entry.parts] or [entry]:
                end = stored.offset + stored.size
                if end > needed.get(stored.shard, (-1, ""))[0]:
                    needed[stored.shard] = end, name
        total = 0
        for shard, (end, name) in sorted(needed.items()):
            path = self._shard_path(shard)
            try:
                size = path.stat().st_size
                if 0 < size < _MAX_POINTER:
                    _refuse_pointer(path)
            except FileNotFoundError:
                raise UserError(
                    f"{printable(self._path)} has no data: {printable(path.name)} does not exist",
                    expected=f"{self._num_shards} data file(s) next to the index",
                    try_="copying it: the index contains only names and shapes",
                ) from None
            except OSError as error:
                raise unreadable(path, error) from None
            if size < end:
                raise _too_short(path, size, end, name)
            total += size
        for variable in self.variables.values():
            # Slices that share their bytes would let a small file ask for any amount of memory.
            if variable.nbytes > total:
                detail = f"{variable.nbytes} bytes where all data files have {total}"
                raise damaged(self._path, detail, tensor=variable.name)
        return tuple(self._shard_path(shard) for shard in sorted(needed))

    def _shard_path(self, shard: int) -> Path:
        return Path(f"{self._prefix}.data-{shard:05d}-of-{self._num_shards:05d}")

    def _native(self, array: np.ndarray) -> np.ndarray:
        return array.byteswap(inplace=True) if self._swap and array.itemsize > 1 else array

    def _read_bytes(self, name: str, entry: Entry, target: np.ndarray) -> None:
        path = self._shard_path(entry.shard)
        try:
            with open(path, "rb", buffering=0) as file:
                crc = _fill(file, target, entry.offset, 0)
        except OSError as error:
            raise unreadable(path, error) from None
        self._check(name, entry, crc)

    def _check(self, name: str, entry: Entry, crc: int) -> None:
        if mask(crc) != entry.crc:
            raise damaged(
                self._shard_path(entry.shard),
                f"checksum of its {entry.size} bytes differs",
                tensor=name,
                at=entry.offset,
            )

    def _read_strings(self, name: str, entry: Entry) -> np.ndarray:
        placed = _placed(entry) if entry.parts else ()
        array = np.empty(entry.shape, object)
        if not entry.parts:
            array.reshape(-1)[:] = self._strings(name, entry)
        for box, part in placed:
            piece = np.empty(part.shape, object)
            piece.reshape(-1)[:] = self._strings(name, part)
            array[box] = piece
        return array

    def _strings(self, name: str, entry: Entry) -> list[bytes]:
        """Lengths as varints, their masked CRC32C, the bytes; the entry's CRC covers all three."""
        raw = np.empty(entry.size, np.uint8)
        path = self._shard_path(entry.shard)
        try:
            with open(path, "rb", buffering=0) as file:
                _fill(file, raw, entry.offset, 0)
        except OSError as error:
            raise unreadable(path, error) from None
        data = raw.tobytes()
        order: Literal["big", "little"] = "big" if self._swap else "little"
        count = math.prod(entry.shape)
        lengths, at, crc = [], 0, 0
        for _ in range(count):
            length, at = varint(data, at)
            lengths.append(length)
            # Lengths enter the checksum as fixed-width numbers, not as the varints in the file.
            crc = google_crc32c.extend(crc, length.to_bytes(4 if length < 1 << 32 else 8, order))
        stored = data[at : at + 4]
        if int.from_bytes(stored, order) != mask(crc):
            raise damaged(path, "checksum of string lengths differs", tensor=name, at=entry.offset)
        crc = google_crc32c.extend(google_crc32c.extend(crc, stored), data[at + 4 :])
        self._check(name, entry, crc)
        at += 4
        if at + sum(lengths) != len(data):
            raise MalformedError(f"strings of {sum(lengths)} bytes in {len(data) - at}")
        strings = []
        for length in lengths:
            strings.append(data[at : at + length])
            at += length
        return strings


def _fill(file: FileIO, target: np.ndarray, offset: int, crc: int) -> int:
    """Fill an array from the file; the CRC32C extended by its bytes."""
    flat = target.reshape(-1).view(np.uint8)
    file.seek(offset)
    for start in range(0, flat.size, _CHUNK):
        piece = flat[start : start + _CHUNK]
        if file.readinto(piece.data) != piece.size:
            raise OSError("the file has shrunk since it was opened")
        crc = google_crc32c.extend(crc, piece)
    return crc


def _placed(entry: Entry) -> Iterator[tuple[Box, Entry]]:
    """The parts of a tensor and where they go; MalformedError where they do not make a whole."""
    placed = boxes(entry.shape, [part.extents for part in entry.parts])
    return zip(placed, (part.entry for part in entry.parts), strict=True)


def _too_short(path: Path, size: int, needed: int, name: str) -> UserError:
    what = "is empty" if size == 0 else f"has {size} bytes: cut short"
    return UserError(
        f"{printable(path)} {what}",
        expected=f"at least {needed} bytes (tensor {printable(name)!r} ends there)",
        try_="copying it again; after an interrupted save, an earlier step is intact",
    )


def _refuse_pointer(path: Path) -> None:
    """Refuse the text file that Git LFS leaves where the data itself was not fetched."""
    with open(path, "rb") as file:
        if file.read(len(LFS_SIGNATURE)) == LFS_SIGNATURE:
            raise UserError(
                f"{printable(path)} is a Git LFS pointer, not the data itself",
                expected="the data of a checkpoint",
                try_="git lfs pull",
            )
