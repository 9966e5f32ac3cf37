"""MNIST, where it can be had: 60,000 + 10,000 handwritten digits."""

from __future__ import annotations

from . import download, npz
from .dataset import Dataset

_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
# The digest keras.datasets.mnist checks (keras/src/datasets/mnist.py).
_DIGEST = "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load(name: str) -> Dataset:
    """(28, 28) uint8 of 0 to 255, in ten classes.

    Raises:
        UserError: it is not on this machine and cannot be downloaded.
    """
    path = download.find("MNIST", "mnist.npz", _ADDRESS, _DIGEST, instead="digits")
    return npz.read(name, path, f"MNIST, {path}", num_valid=5000)
