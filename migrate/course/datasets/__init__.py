"""Datasets: small ones that ship or are generated, real ones where they can be had, the user's."""

from __future__ import annotations

import importlib
from pathlib import Path

from ...errors import UserError, nearest, printable
from .dataset import Dataset

__all__ = ["NAMES", "Dataset", "load"]

# Name → the module whose ``load`` gives it. A name that ends in -like is a synthetic stand-in.
NAMES = {
    "digits": "digits",
    "mnist": "mnist",
    "fashion-like": "fashion_like",
    "wardrobe-like": "fashion_like",
    "fashion-mnist": "fashion_mnist",
    "cats-like": "cats_like",
    "cats": "cats",
    "fares-like": "fares_like",
    "taxi": "taxi",
}


def load(name: str) -> Dataset:
    """Loads a dataset.

    Args:
        name: a key of ``NAMES``; or a path: an ``.npz`` file with x_train, y_train, x_test and
            y_test, a folder with the two HDF5 files of the cats, or one with the CSV files of the
            taxi fares.

    Raises:
        UserError: there is no such dataset, or the file does not contain one.
    """
    if name in NAMES:
        dataset: Dataset = importlib.import_module(f".{NAMES[name]}", __package__).load(name)
        return dataset
    path = Path(name)
    if not path.exists():
        if path.suffix:
            raise UserError(f"there is no file {printable(name)}")
        raise UserError(
            f"there is no dataset {printable(name)!r}",
            expected=f"{', '.join(NAMES)}, or the path of a file or folder",
            try_=nearest(name, NAMES),
        )
    if path.is_dir():
        return _folder(name, path)
    from . import npz

    return npz.read(name, path, str(path))


def _folder(name: str, path: Path) -> Dataset:
    from . import cats, taxi

    for module in (cats, taxi):
        if all((path / file).is_file() for file in module.FILES):
            dataset: Dataset = module.read(name, path)
            return dataset
    raise UserError(
        f"the folder {printable(name)} contains no known dataset",
        expected=f"{' and '.join(cats.FILES)}, or {' and '.join(taxi.FILES)}",
    )
