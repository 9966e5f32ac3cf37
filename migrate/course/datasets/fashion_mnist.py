"""Fashion-MNIST, where it can be had: 60,000 + 10,000 pictures of clothes."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from ...errors import UserError, printable
from . import download
from .dataset import Dataset

_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# MD5 digests as the dataset's own README lists them (github.com/zalandoresearch/fashion-mnist).
_FILES = {
    "x_train": ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "y_train": ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
    "x_test": ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
    "y_test": ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
}


def load(name: str) -> Dataset:
    """(28, 28) uint8 of 0 to 255, in ten classes; the first 5,000 are for validation.

    Raises:
        UserError: it is not on this machine and cannot be downloaded.
    """
    paths = {
        key: download.find(
            "Fashion-MNIST", f"fashion-mnist/{file}", _ADDRESS + file, f"md5:{md5}", "fashion-like"
        )
        for key, (file, md5) in _FILES.items()
    }
    arrays = {key: _read_idx(path) for key, path in paths.items()}
    return Dataset(
        name,
        arrays["x_train"],
        arrays["y_train"].astype(np.int64),
        arrays["x_test"],
        arrays["y_test"].astype(np.int64),
        f"Fashion-MNIST, {paths['x_train'].parent}",
        num_valid=5000,
    )


def _read_idx(path: Path) -> np.ndarray:
    """An idx file: two zero bytes, the type (8: uint8), the rank, the sizes (big-endian), data."""
    try:
        content = gzip.decompress(path.read_bytes())
        zero, kind, rank = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{rank}I", content, 4)
        if (zero, kind) != (0, 8):
            raise ValueError("not an idx file of bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error) as error:
        raise UserError(
            f"{printable(path)} cannot be read ({error})", expected="an intact idx file, gzipped"
        ) from None
