"""One checkpoint of either format, read one tensor at a time, without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

import numpy as np

from ..errors import UserError, printable
from .bundle import Bundle
from .locate import Located, locate
from .v1 import TableCheckpoint
from .variable import Variable

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # tensorflow/python/checkpoint/trackable/base.py


class Checkpoint:
    """The variables of one checkpoint; nothing of them is read until it is asked for.

    Attributes:
        path: the prefix, for display.
        format: "v1" (tables that hold the tensors) or "v2" (a bundle of index and data).
        files: the files it consists of.
        object_based: TensorFlow 2 wrote it; its keys are paths of Python objects.
        meta: the MetaGraph beside it, or None.
        saved_model: the SavedModel folder it belongs to, or None.
        notes: how it was chosen, and other files next to it.
        variables: name → description, sorted by name.
    """

    def __init__(self, located: Located):
        self._content = (
            TableCheckpoint(located.tables) if located.tables else Bundle(located.prefix)
        )
        self.path = Path(located.prefix)
        self.format = self._content.format
        self.files: tuple[Path, ...] = self._content.files
        self.meta = located.meta
        self.saved_model = located.saved_model
        self.notes = (*located.notes, *self._content.notes)
        self.variables: Mapping[str, Variable] = MappingProxyType(
            dict(sorted(self._content.variables.items()))
        )
        self.object_based = OBJECT_GRAPH in self.variables

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is kept in memory; files are open only while they are read."""
        self._content.close()

    def read(self, name: str) -> np.ndarray:
        """One tensor as an array of its own; strings as an object array of bytes.

        Raises:
            UserError: there is no such variable, its bytes are damaged, or memory is too small.
        """
        self._check(name)
        try:
            return self._content.read(name)
        except MemoryError:
            raise self._too_large(name) from None

    def read_flat_chunks(self, name: str, chunk_bytes: int = 4 << 20) -> Iterator[np.ndarray]:
        """One tensor as flat pieces in row-major order, for tensors larger than memory.

        Partitioned variables, strings and the V1 format have to be read whole and come in one or
        more pieces all the same.

        Raises:
            UserError: as :meth:`read`; damage may show only after the last piece, so keep
                nothing of what came before it.
        """
        self._check(name)
        try:
            yield from self._content.chunks(name, chunk_bytes)
        except MemoryError:
            raise self._too_large(name) from None

    def _check(self, name: str) -> None:
        if name not in self.variables:
            raise UserError(
                f"no variable {printable(name)!r} in {printable(self.path)}",
                try_=f"tfmigrate inspect {printable(self.path)}",
            )

    def _too_large(self, name: str) -> UserError:
        nbytes = self.variables[name].nbytes
        return UserError(f"tensor {printable(name)!r} needs {nbytes:,} bytes of memory: too many")


def open_checkpoint(source: str | os.PathLike[str]) -> Checkpoint:
    """Open the checkpoint at a path and list its variables.

    Args:
        source: a prefix, any file of a checkpoint, a folder with one (by its ``checkpoint`` file
            where it has one), or a SavedModel folder.

    Raises:
        UserError: there is none, or it is damaged or incomplete.
    """
    return Checkpoint(locate(source))
