"""The .index of a V2 checkpoint: which tensor lies where, checked for contradictions.

Messages: tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from ..errors import printable
from .partial import joinable
from .slices import FULL, Extents, boxes, parse_extents, slice_key
from .table import Table
from .variable import element_type, item_size, parse_shape
from .wire import Buffer, MalformedError, damaged, message


class Entry(NamedTuple):
    """One BundleEntryProto."""

    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int  # bytes
    crc: int  # masked CRC32C of the bytes in the file
    parts: tuple[Part, ...]  # empty: the tensor is here; else it is made of these


class Part(NamedTuple):
    """A slice of a partitioned tensor."""

    extents: Extents
    entry: Entry


class Index(NamedTuple):
    """All of an index."""

    entries: dict[str, Entry]
    num_shards: int
    swap: bool  # written on a big-endian machine
    notes: list[str]


def read_index(path: Path) -> Index:
    """Read an index whole; 100,000 entries take half a second.

    Raises:
        UserError: it is damaged, contradicts itself, or is no V2 index.
    """
    shapes: dict[Buffer, tuple[int, ...]] = {}
    entries: dict[str, Entry] = {}
    slices: dict[bytes, Entry] = {}  # by their own keys
    sliced: dict[str, list[Extents]] = {}
    header: tuple[int, bool] | None = None
    name = ""
    try:
        for key, value in Table(path):
            name = ""
            if not key:
                header = _parse_header(value)
                continue
            if header is None:
                raise MalformedError("no header: not the index of a V2 checkpoint")
            # Slices of partitioned variables have keys that begin with NUL; names do not.
            name = key.decode() if key[0] else ""
            entry, extents = _parse_entry(value, shapes)
            if entry.shard >= header[0]:
                raise MalformedError(f"data file {entry.shard} of {header[0]}")
            if not extents:
                _check_size(entry)
            if not name:
                slices[key] = entry
                continue
            entries[name] = entry
            if extents:
                sliced[name] = extents
        if header is None:
            raise MalformedError("an empty table: not the index of a V2 checkpoint")
        for name, extents in sliced.items():
            entries[name] = _with_parts(name, entries[name], extents, slices)
        name = ""
        if slices:
            raise MalformedError(f"a slice of no variable, key {printable(min(slices))}")
    except UnicodeDecodeError as error:
        raise damaged(path, f"name {printable(error.object)} is not UTF-8") from None
    except MalformedError as error:
        raise damaged(path, str(error), tensor=name or None) from None
    return Index(entries, *header, _join(entries, sliced))


def _join(entries: dict[str, Entry], sliced: dict[str, list[Extents]]) -> list[str]:
    """Make one tensor of the keys that hold parts of it; a note for each that was made."""
    partial = {}
    for name, extents in sliced.items():
        shape = entries[name].shape
        try:
            boxes(shape, extents)
        except MalformedError:
            partial[name] = (shape, entries[name].dtype, extents)
    notes = []
    for first, *others in joinable(partial, entries.keys() - partial.keys()) if partial else ():
        parts = sum((entries[name].parts for name in others), entries[first].parts)
        entries[first] = entries[first]._replace(parts=parts)
        for name in others:
            del entries[name]
        notes.append(f"{printable(first)} was joined from {len(others) + 1} keys, one a slice")
    return notes


def _parse_header(value: bytes) -> tuple[int, bool]:
    """A BundleHeaderProto: how many data files, and whether big-endian."""
    shards = endianness = 0
    for tag, number in message(value):
        if isinstance(number, int):
            if tag == 0x08:
                shards = number
            elif tag == 0x10:
                endianness = number
    if not 0 < shards < 1 << 31:
        raise MalformedError("no header: not the index of a V2 checkpoint")
    return shards, endianness == 1


def _parse_entry(data: bytes, shapes: dict[Buffer, tuple[int, ...]]) -> tuple[Entry, list[Extents]]:
    dtype = shard = offset = size = crc = 0
    shape: tuple[int, ...] = ()
    slices = []
    for tag, value in message(data):
        if isinstance(value, int):
            if tag == 0x08:
                dtype = value
            elif tag == 0x18:
                shard = value
            elif tag == 0x20:
                offset = value
            elif tag == 0x28:
                size = value
            elif tag == 0x35:
                crc = value
        elif tag == 0x12:
            if value not in shapes:
                shapes[value] = parse_shape(value)
            shape = shapes[value]
        elif tag == 0x3A:
            slices.append(parse_extents(value))
    return Entry(element_type(dtype).name, shape, shard, offset, size, crc, ()), slices


def _check_size(entry: Entry) -> None:
    count, width = math.prod(entry.shape), item_size(entry.dtype)
    if (width and entry.size != count * width) or (entry.dtype == "string" and entry.size < count):
        raise MalformedError(f"{entry.size} bytes for shape {list(entry.shape)} of {entry.dtype}")


def _with_parts(
    name: str, entry: Entry, extents: list[Extents], slices: dict[bytes, Entry]
) -> Entry:
    parts = []
    for place in extents:
        part = slices.pop(slice_key(name, place), None)
        if part is None:
            raise MalformedError("one of its slices is missing, or listed twice")
        if len(place) != len(entry.shape) or part.dtype != entry.dtype:
            raise MalformedError(f"a slice of rank {len(place)} and dtype {part.dtype}")
        shape = tuple(
            size if length == FULL else length
            for (_, length), size in zip(place, entry.shape, strict=True)
        )
        if part.shape != shape:
            raise MalformedError(f"a slice of shape {list(part.shape)} instead of {list(shape)}")
        parts.append(Part(place, part))
    return entry._replace(parts=tuple(parts))
