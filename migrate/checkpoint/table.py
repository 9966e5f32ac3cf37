"""A sorted string table, the format of LevelDB and of the index of every checkpoint.

Layout: tensorflow/core/lib/io/format.cc, block.cc and table_builder.cc. A file is data blocks, an
index block that points at them, and a footer of 48 bytes that points at the index block. Each block
is followed by one byte (0: as is, 1: snappy) and the masked CRC32C of both.
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import google_crc32c

from ..errors import UserError, printable
from .wire import MalformedError, damaged, varint

MAGIC = bytes.fromhex("57fb808b247547db")  # 0xdb4775248b80fb57, little-endian
FOOTER_SIZE = 48
_TRAILER_SIZE = 5
_MAX_KEY_BYTES = 32 << 20  # all keys of a table together: prefix compression can claim far more
_MAX_UNPACKED = 64 << 20  # of one snappy block; TensorFlow's own are 256 KiB and never compressed
_SNAPPY_RATIO = 22  # a copy of 64 bytes takes 3

B = TypeVar("B", bytes, memoryview)


def mask(crc: int) -> int:
    """A CRC32C as it is stored (tensorflow/core/lib/hash/crc32c.h, Mask)."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class Table:
    """The entries of one table file, in the order of their keys. Opens the file for each block."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self._file_size = os.stat(path).st_size
            footer = self._bytes_at(max(self._file_size - FOOTER_SIZE, 0), FOOTER_SIZE)
        except OSError as error:
            raise unreadable(path, error) from None
        if footer[-8:] != MAGIC:
            raise damaged(path, "the table's closing bytes are missing: cut short, or not a table")
        self._kept: tuple[int, dict[bytes, memoryview]] | None = None
        try:
            unused_offset, at = varint(footer, 0)  # of the meta-index block, which is empty
            unused_size, at = varint(footer, at)
            offset, at = varint(footer, at)
            size, at = varint(footer, at)
        except MalformedError as error:
            raise damaged(path, f"footer: {error}", at=self._file_size - FOOTER_SIZE) from None
        self._block(unused_offset, unused_size)  # for its checksum: damage shows wherever it is
        self._blocks = self._read_index(offset, size)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """All (key, value) pairs.

        Raises:
            UserError: a block or its order is damaged.
        """
        last: bytes | None = None
        key_bytes = 0
        for _, offset, size in self._blocks:
            for key, value in self._entries(offset, self._block(offset, size)):
                if last is not None and key <= last:
                    raise damaged(self.path, "keys out of order", at=offset)
                key_bytes += len(key)
                self._check_keys(key_bytes)
                yield key, value
                last = key

    def get(self, key: bytes) -> memoryview | None:
        """The value of one key; the block it lies in is kept for the next call."""
        i = bisect.bisect_left(self._blocks, key, key=lambda block: block[0])
        if i == len(self._blocks):
            return None
        _, offset, size = self._blocks[i]
        if self._kept is None or self._kept[0] != offset:
            self._kept = None  # first, so that there are never two
            self._kept = offset, dict(self._entries(offset, memoryview(self._block(offset, size))))
        return self._kept[1].get(key)

    def close(self) -> None:
        """Let go of the block kept by :meth:`get`."""
        self._kept = None

    def _read_index(self, offset: int, size: int) -> list[tuple[bytes, int, int]]:
        blocks: list[tuple[bytes, int, int]] = []
        free = 0
        for key, handle in self._entries(offset, self._block(offset, size)):
            try:
                start, at = varint(handle, 0)
                length, _ = varint(handle, at)
            except MalformedError as error:
                raise damaged(self.path, f"index block: {error}", at=offset) from None
            # Blocks are written one after another; anything else is a loop in the making.
            if start < free or (blocks and key <= blocks[-1][0]):
                raise damaged(self.path, "index block: blocks out of order", at=offset)
            free = start + length + _TRAILER_SIZE
            blocks.append((key, start, length))
        return blocks

    def _block(self, offset: int, size: int) -> bytes:
        if offset + size + _TRAILER_SIZE > self._file_size - FOOTER_SIZE:
            raise damaged(
                self.path,
                f"a block of {size} bytes at {offset} in a file of {self._file_size}",
                at=offset,
            )
        try:
            content = self._bytes_at(offset, size)
            trailer = self._bytes_at(offset + size, _TRAILER_SIZE)
        except OSError as error:
            raise unreadable(self.path, error) from None
        crc = google_crc32c.extend(google_crc32c.value(content), trailer[:1])
        if mask(crc) != int.from_bytes(trailer[1:], "little"):
            raise damaged(self.path, f"checksum of the block of {size} bytes differs", at=offset)
        if trailer[0] == 0:
            return content
        if trailer[0] != 1:
            raise damaged(self.path, f"unknown compression {trailer[0]}", at=offset)
        return self._unpack(content, offset)

    def _unpack(self, content: bytes, offset: int) -> bytes:
        import cramjam  # 7 ms, and compressed blocks are rare

        try:
            claimed, _ = varint(content, 0)
            if claimed > min(_SNAPPY_RATIO * len(content), _MAX_UNPACKED):
                raise MalformedError(f"{len(content)} bytes claim to unpack to {claimed}")
            unpacked = bytearray(claimed)  # ours, as cramjam's own abort where memory is short
            if cramjam.snappy.decompress_raw_into(content, unpacked) != claimed:
                raise MalformedError("it unpacks to fewer bytes than it claims")
        except (MalformedError, cramjam.DecompressionError) as error:
            raise damaged(self.path, f"compressed block: {error}", at=offset) from None
        return bytes(unpacked)

    def _entries(self, offset: int, block: B) -> Iterator[tuple[bytes, B]]:
        """The (key, value) pairs of one block: each key shares a prefix with the one before."""
        restarts = int.from_bytes(block[-4:], "little")
        limit = len(block) - 4 - 4 * restarts
        if limit < 0:
            raise damaged(self.path, "a block shorter than its list of restarts", at=offset)
        key = b""
        at = key_bytes = 0
        while at < limit:
            try:
                shared, unshared, length = block[at], block[at + 1], block[at + 2]
                if (shared | unshared | length) < 0x80:
                    at += 3
                else:
                    shared, at = varint(block, at)
                    unshared, at = varint(block, at)
                    length, at = varint(block, at)
            except (IndexError, MalformedError):
                raise damaged(self.path, "a block ends inside an entry", at=offset) from None
            middle = at + unshared
            end = middle + length
            if shared > len(key) or end > limit:
                raise damaged(self.path, "a block's entry reaches beyond it", at=offset)
            key = key[:shared] + bytes(block[at:middle])
            key_bytes += len(key)
            self._check_keys(key_bytes)
            yield key, block[middle:end]
            at = end

    def _check_keys(self, key_bytes: int) -> None:
        if key_bytes > _MAX_KEY_BYTES:
            raise damaged(self.path, f"names of more than {_MAX_KEY_BYTES >> 20} MiB")

    def _bytes_at(self, offset: int, size: int) -> bytes:
        with open(self.path, "rb", buffering=0) as file:
            file.seek(offset)
            data = file.read(size) or b""
            while len(data) < size and (more := file.read(size - len(data))):
                data += more  # one read returns at most 2 GiB
        if len(data) < size and offset + size <= self._file_size:
            raise OSError("the file has shrunk since it was opened")
        return data


def unreadable(path: Path, error: OSError) -> UserError:
    """The error for a file that the system does not let us read."""
    return UserError(
        f"cannot read {printable(path)}: {error.strerror or error}",
        expected="a readable file",
    )
