"""New York taxi fares: three CSV files, for training, validation and testing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import UserError, printable
from .dataset import Dataset
from .download import folder_of

FILES = ("taxi-train.csv", "taxi-valid.csv")
COLUMNS = ("pickuplon", "pickuplat", "dropofflon", "dropofflat", "passengers")
TARGET = "fare_amount"


def load(name: str) -> Dataset:
    """The folder ``taxi`` in ``TFMIGRATE_DATA``.

    Raises:
        UserError: it does not exist.
    """
    return read(name, folder_of("taxi", FILES, "fares-like"))


def read(name: str, folder: Path) -> Dataset:
    """x: float64 of ``COLUMNS``, degrees and a count; y: dollars. The test set is taxi-valid.

    Raises:
        UserError: a file lacks a column or contains a value that is not a number.
    """
    parts = [_read(folder / file) for file in FILES]
    (x_train, y_train), (x_test, y_test) = parts
    origin = f"New York taxi fares, {folder}"
    return Dataset(name, x_train, y_train, x_test, y_test, origin, columns=COLUMNS)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline().strip().split(",")
        missing = [column for column in (TARGET, *COLUMNS) if column not in header]
        if missing:
            raise UserError(f"{printable(path)} lacks the column {', '.join(missing)}")
        places = [header.index(column) for column in (TARGET, *COLUMNS)]
        try:
            table = np.loadtxt(file, delimiter=",", usecols=places, ndmin=2)
        except ValueError as error:
            raise UserError(f"{printable(path)} cannot be read ({printable(error)})") from None
    if not len(table):
        raise UserError(f"{printable(path)} has no rows")
    return table[:, 1:], table[:, 0]
