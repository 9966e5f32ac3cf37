"""Every format by its name on the command line, and a checkpoint written in several of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..checkpoint.tensors import Fate, Progress, Selection, TensorSource
from ..errors import UserError, nearest, printable


class Format(NamedTuple):
    """One way to write weights.

    Attributes:
        module: the module here whose ``write`` it is.
        file: what the output is called inside an output folder.
        summary: what it is, for help texts and tables.
        optimizer: whether it includes variables that are not weights of a model: slots, steps,
            bookkeeping.
    """

    module: str
    file: str
    summary: str
    optimizer: bool = True


FORMATS = {
    "npz": Format("npz", "weights.npz", "numpy's archive, for numpy.load"),
    "safetensors": Format("safetensors", "model.safetensors", "for every framework"),
    "weights": Format(
        "weights_h5", "model.weights.h5", "Keras weights, for Model.load_weights", optimizer=False
    ),
    "tf2": Format("tf2", "tf2", "an object-based checkpoint, for tf.train.Checkpoint"),
    "tf1": Format("tf1", "tf1", "a checkpoint for tf.compat.v1.train.Saver"),
}

_NO_WEIGHT = {
    "slot": "a slot of an optimizer, not a weight of the model",
    "step": "a count of training steps, not a weight of the model",
    "bookkeeping": "bookkeeping of the training program, not a weight of the model",
}


@dataclass(frozen=True)
class Written:
    """The result of writing.

    Attributes:
        files: format → the file or folder in the output folder.
        by_format: format → one fate a variable.
        fates: one fate a variable over all formats: converted if any of them holds it, and then
            the reason says which do not.
    """

    files: dict[str, str]
    by_format: dict[str, list[Fate]]
    fates: list[Fate]


def write_formats(
    source: TensorSource,
    folder: Path,
    formats: Sequence[str],
    *,
    roles: Mapping[str, str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Writes all tensors in each of the formats; every tensor is accounted for.

    Args:
        source: a checkpoint or what :mod:`tfmigrate.mapping` makes of one.
        folder: where the files go; it exists.
        formats: keys of ``FORMATS``.
        roles: each variable's role, where known; by it ``weights`` leaves the optimizer out.
        force: replace files that are there.
        progress: told of the bytes as they are written, over all formats.

    Raises:
        UserError: an unknown format, a tensor that cannot be read, a place that cannot be written.
    """
    files: dict[str, str] = {}
    by_format: dict[str, list[Fate]] = {}
    for name in formats:
        known = format_named(name)
        left_out: dict[str, Fate] = {}
        if roles and not known.optimizer:
            left_out = {
                n: Fate(n, None, _NO_WEIGHT[roles[n]])
                for n in source.variables
                if roles.get(n) in _NO_WEIGHT
            }
        chosen = Selection(source, [n for n in source.variables if n not in left_out])
        write = importlib.import_module(f".{known.module}", __package__).write
        fates = write(folder / known.file, chosen, force=force, progress=progress)
        written = {fate.name: fate for fate in fates} | left_out
        files[name] = known.file
        by_format[name] = [written[n] for n in source.variables]
    return Written(files, by_format, _merged(by_format))


def format_named(name: str) -> Format:
    """The format of a name, or a UserError that says which there are."""
    if name not in FORMATS:
        raise UserError(
            f"there is no format {printable(name)!r}",
            expected=f"one of {', '.join(FORMATS)}",
            try_=nearest(name, FORMATS),
        )
    return FORMATS[name]


def _merged(by_format: dict[str, list[Fate]]) -> list[Fate]:
    merged = []
    for fates in zip(*by_format.values(), strict=True):
        target = next((fate.target for fate in fates if fate.target is not None), None)
        reasons = dict(zip(by_format, (fate.reason for fate in fates), strict=True))
        told = {name: reason for name, reason in reasons.items() if reason}
        if len(by_format) == 1 or (len(told) == len(fates) and len(set(told.values())) == 1):
            reason = next(iter(told.values()), None)
        else:
            reason = "; ".join(f"{name}: {text}" for name, text in told.items()) or None
        merged.append(Fate(fates[0].name, target, reason))
    return merged
