"""Cat or not: 209 + 50 pictures in two HDF5 files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import UserError, printable
from .dataset import Dataset
from .download import folder_of

FILES = ("train_catvnoncat.h5", "test_catvnoncat.h5")


def load(name: str) -> Dataset:
    """The folder ``cats`` in ``TFMIGRATE_DATA``.

    Raises:
        UserError: it does not exist.
    """
    return read(name, folder_of("cats", FILES, "cats-like"))


def read(name: str, folder: Path) -> Dataset:
    """(64, 64, 3) uint8 of 0 to 255; class 1 is a cat.

    Raises:
        UserError: a file is damaged or holds something else.
    """
    import h5py

    arrays: dict[str, np.ndarray] = {}
    for part, file in zip(("train", "test"), FILES, strict=True):
        try:
            with h5py.File(folder / file) as opened:
                arrays[f"x_{part}"] = opened[f"{part}_set_x"][()]
                arrays[f"y_{part}"] = opened[f"{part}_set_y"][()].astype(np.int64)
        except (OSError, KeyError) as error:
            raise UserError(
                f"{printable(folder / file)} cannot be read ({printable(error)})",
                expected=f"an HDF5 file with {part}_set_x and {part}_set_y",
            ) from None
    return Dataset(
        name,
        arrays["x_train"],
        arrays["y_train"],
        arrays["x_test"],
        arrays["y_test"],
        f"cat / non-cat, {folder}",
        num_valid=40,
    )
