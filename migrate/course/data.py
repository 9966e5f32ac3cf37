"""Datasets: one that ships with the package, MNIST where it can be had, and files of the user's."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from ..errors import UserError, printable

MNIST_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
# The digest keras.datasets.mnist checks (keras/src/datasets/mnist.py).
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_KEYS = ("x_train", "y_train", "x_test", "y_test")
_DOWNLOAD_TIMEOUT = 20


@dataclass(frozen=True)
class Dataset:
    """Images or rows of features with integer classes, split for training and testing.

    Attributes:
        name: as the user gave it.
        x_train, x_test: any numeric dtype, examples first.
        y_train, y_test: integer classes from 0, shape (examples,).
        origin: where it came from, for people.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    origin: str

    @property
    def num_classes(self) -> int:
        """One more than the greatest class."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1

    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x as float32 of shape (examples, features), unscaled; y one-hot in float32."""
        one_hot = np.eye(self.num_classes, dtype=np.float32)
        return (
            self.x_train.reshape(len(self.x_train), -1).astype(np.float32),
            one_hot[self.y_train],
            self.x_test.reshape(len(self.x_test), -1).astype(np.float32),
            one_hot[self.y_test],
        )


def load(name: str) -> Dataset:
    """Loads a dataset.

    Args:
        name: ``digits`` (ships with the package), ``mnist``, or the path of an ``.npz`` file with
            x_train, y_train, x_test and y_test.

    Raises:
        UserError: there is no such dataset, or the file does not hold one.
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        path = _find_mnist()
        return _read(name, path, f"MNIST, {path}")
    path = Path(name)
    if not path.exists():
        if not path.suffix:
            raise UserError(
                f"there is no dataset '{printable(name)}'",
                expected="digits, mnist or the path of an .npz file",
            )
        raise UserError(f"there is no file {printable(name)}")
    return _read(name, path, str(path))


def _digits() -> Dataset:
    source = resources.files(__package__).joinpath("data", "digits.npz")
    with source.open("rb") as file, np.load(file) as data:
        arrays = {key: data[key] for key in _KEYS}
    return Dataset(
        "digits",
        _enlarge(arrays["x_train"]),
        arrays["y_train"].astype(np.int64),
        _enlarge(arrays["x_test"]),
        arrays["y_test"].astype(np.int64),
        "1,797 handwritten digits, UCI, 8 × 8 scaled to 28 × 28, in the package",
    )


def _enlarge(images: np.ndarray, size: int = 28, brightest: int = 16) -> np.ndarray:
    """(n, 8, 8) of 0 to 16 → (n, 28, 28) uint8 of 0 to 255, bilinear, edges held."""
    old = images.shape[1]
    position = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    left = np.minimum(position.astype(int), old - 2)
    weights = np.zeros((size, old))
    weights[np.arange(size), left] = 1 - (position - left)
    weights[np.arange(size), left + 1] = position - left
    large = weights @ (images * (255 / brightest)) @ weights.T
    return np.rint(large).astype(np.uint8)


def _read(name: str, path: Path, origin: str) -> Dataset:
    """Reads x_train, y_train, x_test, y_test from an .npz file, and checks them."""
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path} is not an .npz file", expected=f"one with {', '.join(_KEYS)}")
    try:
        with np.load(path, allow_pickle=False) as data:
            missing = [key for key in _KEYS if key not in data]
            if missing:
                found = ", ".join(printable(key) for key in data.files) or "nothing"
                raise UserError(
                    f"{path} lacks {', '.join(missing)}; it holds {found}",
                    expected=", ".join(_KEYS),
                )
            arrays = {key: data[key] for key in _KEYS}
    except UserError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read ({str(error).splitlines()[0]})",
            expected="an intact .npz file of plain arrays",
        ) from None
    for key, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise UserError(f"{key} in {path} is {array.dtype}", expected="numbers")
        if not array.size:
            raise UserError(f"{key} in {path} is empty, shape {array.shape}")
    for part in ("train", "test"):
        arrays[f"y_{part}"] = _classes(arrays[f"y_{part}"], f"y_{part}", path)
        examples, labels = len(arrays[f"x_{part}"]), len(arrays[f"y_{part}"])
        if examples != labels:
            raise UserError(f"{path} has {examples} x_{part} and {labels} y_{part}")
    train, test = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if train != test:
        raise UserError(f"x_train has examples of shape {train} and x_test of {test} in {path}")
    return Dataset(name, **arrays, origin=origin)


def _classes(labels: np.ndarray, key: str, path: Path) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(1)  # one-hot
    if labels.size != len(labels):
        raise UserError(f"{key} in {path} has shape {labels.shape}", expected="(examples,)")
    labels = labels.reshape(-1)
    whole = labels.astype(np.int64)
    if (whole != labels).any() or whole.min() < 0:
        raise UserError(f"{key} in {path} are not classes", expected="whole numbers from 0")
    return whole


def _find_mnist() -> Path:
    folder = os.environ.get("TFMIGRATE_DATA")
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets" / "mnist.npz"
    candidates = [Path(folder) / "mnist.npz"] if folder else []
    for candidate in [*candidates, cache]:
        if candidate.is_file():
            return candidate
    return _download(cache)


def _download(target: Path) -> Path:
    temporary = None
    try:
        with urllib.request.urlopen(MNIST_ADDRESS, timeout=_DOWNLOAD_TIMEOUT) as answer:
            content = answer.read()
        if hashlib.sha256(content).hexdigest() != MNIST_SHA256:
            raise OSError("the download is damaged")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{target.name}.{os.getpid()}.part")
        temporary.write_bytes(content)
        temporary.replace(target)
        return target
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise UserError(
            f"MNIST is not on this machine and cannot be downloaded ({reason})",
            try_=(
                "a folder with mnist.npz in TFMIGRATE_DATA, or mnist.npz in "
                f"{target.parent}, or a network connection; --data digits needs none"
            ),
        ) from None
