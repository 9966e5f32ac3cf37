"""Named tensors that an output is written from, and the fate of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .variable import Variable

Progress = Callable[[int], None]  # called with the bytes written since the last call

CHUNK = 2 << 20  # bytes: read, checked and written while they are in the processor's cache


class TensorSource(Protocol):
    """Named tensors, described at once and read one at a time; a Checkpoint is one."""

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Every tensor's description, by name, in the order to write them."""

    def read(self, name: str) -> np.ndarray:
        """One tensor's values; strings as an object array of bytes."""

    def read_flat_chunks(self, name: str, chunk_bytes: int = CHUNK) -> Iterator[np.ndarray]:
        """One tensor's elements in C order, piece by piece; may raise after the last piece."""


class Tensors:
    """A source made of a function that reads: what renames, reshapes or selects builds on it.

    Args:
        variables: the descriptions, by name.
        read: gives the values of one.
    """

    def __init__(self, variables: Mapping[str, Variable], read: Callable[[str], np.ndarray]):
        self.variables = variables
        self.read = read

    def read_flat_chunks(self, name: str, chunk_bytes: int = CHUNK) -> Iterator[np.ndarray]:
        """The whole tensor as one piece."""
        yield self.read(name).reshape(-1)


class Selection:
    """Some of another source's tensors, under their own names."""

    def __init__(self, source: TensorSource, names: list[str]):
        self.variables = {name: source.variables[name] for name in names}
        self.read = source.read
        self.read_flat_chunks = source.read_flat_chunks


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one tensor in one format.

    Attributes:
        name: the variable.
        target: its name in the output; None if it is not in the output.
        reason: why it is not in the output, or in which other form; None if it is there unchanged.
    """

    name: str
    target: str | None
    reason: str | None = None

    @property
    def fate(self) -> str:
        """``converted`` or ``skipped``."""
        return "skipped" if self.target is None else "converted"


def little_endian(array: np.ndarray) -> np.ndarray:
    """The same values, contiguous in C order and in little-endian bytes; no copy if they are so."""
    # ascontiguousarray makes a scalar a vector of one.
    array = np.ascontiguousarray(array).reshape(array.shape)
    if array.dtype.byteorder == ">":
        return array.astype(array.dtype.newbyteorder("<"))
    return array


def raw_chunks(source: TensorSource, name: str) -> Iterator[memoryview]:
    """The little-endian bytes of one tensor, at most ``CHUNK`` at a time."""
    for piece in source.read_flat_chunks(name, CHUNK):
        data = memoryview(little_endian(piece).reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        for start in range(0, len(data), CHUNK):
            yield data[start : start + CHUNK]
