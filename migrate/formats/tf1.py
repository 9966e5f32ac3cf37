"""A TF1 checkpoint in the V2 format, as ``tf.compat.v1.train.Saver`` writes and restores it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..checkpoint.tensors import Fate, Progress, TensorSource
from ..checkpoint.variable import Variable
from ..checkpoint.writer import write_bundle, write_state
from .atomic import whole_folder

BASENAME = "model.ckpt"


def write(
    path: Path, source: TensorSource, *, force: bool = False, progress: Progress | None = None
) -> list[Fate]:
    """Writes a folder with ``model.ckpt.index``, its data and the ``checkpoint`` file.

    Args:
        path: the folder; ``Saver.restore(session, path / "model.ckpt")`` restores it.
        source: the tensors, named as the TF1 graph names its variables.
        force: replace such a folder that is there.
        progress: told of the bytes as they are written.

    Returns:
        One fate a tensor, in the source's order; resources are skipped.

    Raises:
        UserError: ``path`` cannot be written, or a tensor cannot be read.
    """
    fates = {name: Fate(name, name) for name in source.variables}
    for v in source.variables.values():
        if reason := unwritable(v):
            fates[v.name] = Fate(v.name, None, reason)
    with whole_folder(path, force=force, ours="checkpoint") as folder:
        kept = ((f.name, f.name) for f in fates.values() if f.target is not None)
        write_bundle(folder / BASENAME, tensors(source, kept, progress))
        write_state(folder, BASENAME)
    return list(fates.values())


def unwritable(v: Variable) -> str | None:
    """Why a bundle cannot hold a tensor; None if it can."""
    if v.dtype in ("resource", "variant"):
        return f"a {v.dtype} has no values"
    if not v.name or v.name.startswith("\0"):
        return "a name that is empty or begins with a zero byte is not a valid key of a checkpoint"
    return None


def tensors(
    source: TensorSource, names_and_keys: Iterator[tuple[str, str]], progress: Progress | None
) -> Iterator[tuple[str, np.ndarray]]:
    """The tensors one at a time, under their keys."""
    for name, key in names_and_keys:
        values = source.read(name)
        yield key, values
        if progress:
            progress(values.nbytes)
