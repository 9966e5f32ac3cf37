"""Datasets of classes in .npz files, with the keys of keras.datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError, printable
from ...formats.npz import read as read_npz
from .dataset import Dataset

_KEYS = ("x_train", "y_train", "x_test", "y_test")


def read(name: str, path: Path, origin: str, num_valid: int = 0) -> Dataset:
    """Reads x_train, y_train, x_test, y_test from an .npz file, and checks them.

    Raises:
        UserError: the file does not contain a dataset of classes.
    """
    shown = printable(path)
    found = read_npz(path)
    missing = [key for key in _KEYS if key not in found]
    if missing:
        raise UserError(
            f"{shown} lacks {', '.join(missing)}; it contains "
            f"{', '.join(map(printable, found)) or 'nothing'}",
            expected=", ".join(_KEYS),
        )
    arrays: dict[str, Any] = {key: found[key] for key in _KEYS}
    for key, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise UserError(f"{key} in {shown} is {array.dtype}", expected="numbers")
        if not array.size:
            raise UserError(f"{key} in {shown} is empty, shape {array.shape}")
        if not array.ndim:
            raise UserError(f"{key} in {shown} is a single number", expected="a row an example")
    for part in ("train", "test"):
        arrays[f"y_{part}"] = _classes(arrays[f"y_{part}"], f"y_{part}", shown)
        examples, labels = len(arrays[f"x_{part}"]), len(arrays[f"y_{part}"])
        if examples != labels:
            raise UserError(f"{shown} has {examples} x_{part} and {labels} y_{part}")
    train, test = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if train != test:
        raise UserError(f"x_train has examples of shape {train} and x_test of {test} in {shown}")
    return Dataset(name, **arrays, origin=origin, num_valid=num_valid)


def _classes(labels: np.ndarray, key: str, shown: str) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(1)  # one-hot
    if labels.size != len(labels):
        raise UserError(f"{key} in {shown} has shape {labels.shape}", expected="(examples,)")
    labels = labels.reshape(-1)
    with np.errstate(invalid="ignore"):  # NaN becomes a number, and so is no whole one
        whole = labels.astype(np.int64)
    if (whole != labels).any() or whole.min() < 0:
        raise UserError(f"{key} in {shown} does not contain classes", expected="integers from 0")
    return whole
