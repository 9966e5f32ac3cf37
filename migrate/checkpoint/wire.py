"""Protocol-buffer wire format, read strictly, because the bytes may come from strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError, printable

Buffer = bytes | memoryview


class MalformedError(ValueError):
    """Bytes that do not say what their format demands; whoever knows the file says which."""


def damaged(
    file: Path, detail: str, *, tensor: str | None = None, at: int | None = None
) -> UserError:
    """The one error for content that contradicts itself: which file, which tensor, which byte."""
    where = printable(file) + (f", byte {at}" if at is not None else "")
    what = f"tensor {printable(tensor)!r}: " if tensor is not None else ""
    return UserError(
        f"damaged checkpoint: {what}{detail} ({where})",
        try_="copying or downloading the checkpoint again, or an earlier step",
    )


def varint(data: Buffer, at: int) -> tuple[int, int]:
    """The unsigned 64-bit number at ``at`` and the position after it."""
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise MalformedError("a number of more than 64 bits")
    except IndexError:
        raise MalformedError("ends in the middle of a number") from None
    if value >> 64:
        raise MalformedError("a number of more than 64 bits")
    return value, at


def signed(value: int) -> int:
    """The int64 that an unsigned varint stands for (two's complement)."""
    return value - (1 << 64) if value >> 63 else value


def encode_varint(value: int) -> bytes:
    """The shortest encoding of a number from 0 to 2^64 - 1."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(data: Buffer) -> Iterator[tuple[int, Buffer | int]]:
    """The (tag, value) pairs of one message, in order.

    A tag is ``field number << 3 | wire type``, so a known field of an unexpected type reads as
    unknown, as in protobuf itself. Numbers come as unsigned integers; strings, messages and packed
    arrays as slices of ``data`` (a copy of bytes, a view of a memoryview).

    Raises:
        MalformedError: the bytes are no message.
    """
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        if tag < 0x80:
            at += 1
        else:
            tag, at = varint(data, at)
        kind = tag & 7
        if kind == 2:
            length, at = varint(data, at)
            if length > end - at:
                raise MalformedError(f"a field of {length} bytes where only {end - at} are left")
            yield tag, data[at : at + length]
            at += length
        elif kind == 0:
            value, at = varint(data, at)
            yield tag, value
        elif kind in (1, 5):
            width = 8 if kind == 1 else 4
            if width > end - at:
                raise MalformedError("ends in the middle of a number")
            yield tag, int.from_bytes(data[at : at + width], "little")
            at += width
        else:
            raise MalformedError(f"a field of unknown wire type {kind}")
