"""Slices of partitioned variables: their table keys, their place in the whole, their fit.

Key encoding: tensorflow/core/util/saved_tensor_slice_util.cc on top of
tensorflow/core/lib/strings/ordered_code.cc, whose point is that encoded keys sort like values.
"""

from __future__ import annotations

import math

import numpy as np

from .wire import Buffer, MalformedError, message, signed

FULL = -1  # the length that stands for "all of this axis" (TensorSlice::kFullExtent)
Extents = tuple[tuple[int, int], ...]  # (start, length) an axis
Box = tuple[slice, ...]  # the same as an index into the whole


def parse_extents(data: Buffer) -> Extents:
    """A TensorSliceProto (tensorflow/core/framework/tensor_slice.proto) as extents."""
    extents = []
    for tag, value in message(data):
        if tag != 0x0A or isinstance(value, int):
            continue
        start, length = 0, FULL
        for inner, number in message(value):
            if inner == 0x08 and isinstance(number, int):
                start = signed(number)
            elif inner == 0x10 and isinstance(number, int):
                length = signed(number)
        if (length == FULL and start) or length < FULL or start < 0:
            raise MalformedError(f"an impossible slice: start {start}, length {length}")
        extents.append((start, length))
    return tuple(extents)


def slice_key(name: str, extents: Extents) -> bytes:
    """The table key under which a slice of a variable is stored."""
    escaped = name.encode().replace(b"\x00", b"\x00\xff")  # UTF-8 holds no \xff to escape
    key = [b"\x00", escaped, b"\x00\x01", _number(len(extents))]
    for start, length in extents:
        key += [_signed_number(start), _signed_number(length)]
    return b"".join(key)


def _number(value: int) -> bytes:
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes((len(body),)) + body


def _signed_number(value: int) -> bytes:
    # n bytes hold 7n bits, sign included; n leading one bits announce the length, a negative
    # number has everything inverted.
    magnitude = ~value if value < 0 else value
    n = magnitude.bit_length() // 7 + 1
    code = magnitude | ((1 << n) - 1) << (7 * n)
    return (code ^ ((1 << 8 * n) - 1) if value < 0 else code).to_bytes(n, "big")


def boxes(shape: tuple[int, ...], parts: list[Extents]) -> list[Box]:
    """Where each part lies in the whole.

    Raises:
        MalformedError: a part of another rank or beyond the shape, parts that overlap or
            leave gaps.
    """
    placed: list[Box] = []
    for extents in parts:
        if len(extents) != len(shape):
            raise MalformedError(f"a slice of rank {len(extents)} in a tensor of rank {len(shape)}")
        box = []
        for (start, length), size in zip(extents, shape, strict=True):
            stop = size if length == FULL else start + length
            if stop > size:
                raise MalformedError(f"a slice up to {stop} on an axis of {size}")
            box.append(slice(start, stop))
        placed.append(tuple(box))
    total = sum(math.prod(s.stop - s.start for s in box) for box in placed)
    if total != math.prod(shape) or _overlap(placed):
        raise MalformedError(f"its {len(parts)} slices do not tile the shape {list(shape)}")
    return placed


def _overlap(placed: list[Box]) -> bool:
    solid = [box for box in placed if all(s.stop > s.start for s in box)]
    if len(solid) < 2 or not solid[0]:
        return len(solid) > 1
    starts = np.array([[s.start for s in box] for box in solid])
    stops = np.array([[s.stop for s in box] for box in solid])
    # Sweep along the axis that separates most, so that each box meets few others.
    axis = max(range(starts.shape[1]), key=lambda a: len(np.unique(starts[:, a])))
    order = np.argsort(starts[:, axis], kind="stable")
    starts, stops = starts[order], stops[order]
    reach = np.searchsorted(starts[:, axis], stops[:, axis], side="left")
    for i, end in enumerate(reach):
        others = slice(i + 1, end)
        meet = (starts[others] < stops[i]) & (stops[others] > starts[i])
        if meet.all(axis=1).any():
            return True
    return False
