"""Writes the V2 format: a tensor bundle that TensorFlow 1 and 2 restore from.

Layout and checksums as :mod:`.bundle` and :mod:`.table` read them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np

from .table import MAGIC, mask
from .variable import ELEMENT_TYPES
from .wire import encode_varint

_BLOCK_SIZE = 256 << 10  # bytes after which a block is closed (table_options.h)
_RESTART_INTERVAL = 16  # entries between two keys that are written whole (table_options.h)
_HEADER = b"\x08\x01\x1a\x02\x08\x01"  # BundleHeaderProto: one shard, little-endian, producer 1
_PIECE = 4 << 20  # bytes written and checked at a time
# By numpy dtype; the quantized types, which numpy holds as plain ones, are never written.
_NUMBERS = {e.numpy: n for n, e in ELEMENT_TYPES.items() if e.numpy in (e.name, "object")}


def write_bundle(
    prefix: str | os.PathLike[str],
    items: Iterable[tuple[str, np.ndarray]],
) -> tuple[Path, Path]:
    """Write a checkpoint of one shard, one tensor at a time.

    Args:
        prefix: what ``.index`` and ``.data-00000-of-00001`` follow. Files of these names are
            replaced; use a new folder if an older checkpoint must survive a failure.
        items: (name, array) pairs in any order; only one array need exist at a time. Strings are
            arrays of bytes or str, fixed-width or objects.

    Returns:
        the paths of the index and of the data.

    Raises:
        ValueError: a name twice or without characters, or an element type no checkpoint has.
        OSError: the system refuses a write. Neither file is left behind then.
    """
    index = Path(f"{os.fspath(prefix)}.index")
    data = Path(f"{os.fspath(prefix)}.data-00000-of-00001")
    try:
        entries: dict[bytes, bytes] = {}
        with open(data, "wb") as file:
            offset = 0
            for name, array in items:
                key = name.encode()
                if not key or key.startswith(b"\0") or key in entries:
                    raise ValueError(
                        f"a name that is empty, begins with NUL or occurs twice: {name!r}"
                    )
                array = np.asarray(array)
                number, size, crc = _write_tensor(file, array)
                entries[key] = _entry(number, array.shape, offset, size, crc)
                offset += size
        with open(index, "wb") as file:
            for piece in _table({b"": _HEADER, **entries}):
                file.write(piece)
    except BaseException:
        for path in (index, data):
            with suppress(OSError):
                path.unlink()
        raise
    return index, data


def write_state(folder: str | os.PathLike[str], basename: str) -> Path:
    """Write the ``checkpoint`` file by which TensorFlow finds the latest checkpoint of a folder."""
    quoted = basename.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    path = Path(folder, "checkpoint")
    path.write_text(f'model_checkpoint_path: "{quoted}"\nall_model_checkpoint_paths: "{quoted}"\n')
    return path


def _write_tensor(file: BinaryIO, array: np.ndarray) -> tuple[int, int, int]:
    """Write one tensor's bytes; its DataType number, how many bytes, and their CRC32C."""
    if array.dtype.kind in "OSUT":
        return _write_strings(file, array)
    number = _NUMBERS.get(array.dtype.name)
    if number is None:
        raise ValueError(f"a checkpoint cannot store the dtype {array.dtype}")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    crc = 0
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        file.write(piece.data)
        crc = google_crc32c.extend(crc, piece)
    return number, flat.size, crc


def _write_strings(file: BinaryIO, array: np.ndarray) -> tuple[int, int, int]:
    strings = [s.encode() if isinstance(s, str) else s for s in array.reshape(-1).tolist()]
    if not all(isinstance(s, bytes) for s in strings):
        raise ValueError("an array of objects that are neither str nor bytes")
    crc = 0
    for string in strings:
        width = 4 if len(string) < 1 << 32 else 8
        crc = google_crc32c.extend(crc, len(string).to_bytes(width, "little"))
    lengths = b"".join(encode_varint(len(s)) for s in strings)
    checksum = mask(crc).to_bytes(4, "little")
    for piece in (lengths, checksum, *strings):
        file.write(piece)
    for piece in (checksum, *strings):
        crc = google_crc32c.extend(crc, piece)
    return _NUMBERS["object"], len(lengths) + 4 + sum(map(len, strings)), crc


def _entry(number: int, shape: tuple[int, ...], offset: int, size: int, crc: int) -> bytes:
    """A BundleEntryProto."""
    dims = b""
    for length in shape:
        dim = b"\x08" + encode_varint(length)
        dims += b"\x12" + encode_varint(len(dim)) + dim
    parts = [b"\x08" + encode_varint(number), b"\x12" + encode_varint(len(dims)) + dims]
    if offset:
        parts.append(b"\x20" + encode_varint(offset))
    if size:
        parts.append(b"\x28" + encode_varint(size))
    parts.append(b"\x35" + mask(crc).to_bytes(4, "little"))
    return b"".join(parts)


def _table(entries: dict[bytes, bytes]) -> Iterator[bytes]:
    """A table file of these entries, piece by piece."""
    offset = 0
    handles: list[tuple[bytes, bytes]] = []

    def closed(block: bytes) -> tuple[bytes, bytes]:
        nonlocal offset
        handle = encode_varint(offset) + encode_varint(len(block))
        crc = google_crc32c.value(block + b"\0")
        offset += len(block) + 5
        return block + b"\0" + mask(crc).to_bytes(4, "little"), handle

    pending: list[tuple[bytes, bytes]] = []
    size = 0
    for key in sorted(entries):
        pending.append((key, entries[key]))
        size += len(key) + len(entries[key])
        if size > _BLOCK_SIZE:
            block, handle = closed(_block(pending, _RESTART_INTERVAL))
            yield block
            handles.append((key, handle))
            pending, size = [], 0
    if pending:
        block, handle = closed(_block(pending, _RESTART_INTERVAL))
        yield block
        handles.append((pending[-1][0], handle))
    block, meta = closed(_block([], 1))
    yield block
    block, index = closed(_block(handles, 1))
    yield block
    yield (meta + index).ljust(40, b"\0") + MAGIC


def _block(entries: list[tuple[bytes, bytes]], interval: int) -> bytes:
    """A block: each key without what it shares with the one before, then the restart offsets."""
    out = bytearray()
    restarts = [0]
    last = b""
    for i, (key, value) in enumerate(entries):
        shared = 0
        if i % interval:
            pairs = enumerate(zip(last, key, strict=False))
            shared = next((at for at, (a, b) in pairs if a != b), min(len(last), len(key)))
        elif i:
            restarts.append(len(out))
        for number in (shared, len(key) - shared, len(value)):
            out += encode_varint(number)
        out += key[shared:] + value
        last = key
    for number in (*restarts, len(restarts)):
        out += number.to_bytes(4, "little")
    return bytes(out)
