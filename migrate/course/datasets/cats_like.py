"""A synthetic stand-in for cat / non-cat: round heads with two pointed ears, and other blobs."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset

_SIZE = 64
_NUM_TRAIN, _NUM_TEST, _NUM_VALID = 209, 50, 40
_ROW, _COLUMN = np.mgrid[0:_SIZE, 0:_SIZE] / _SIZE


def load(name: str) -> Dataset:
    """(64, 64, 3) uint8 of 0 to 255; class 1 has ears; always the same images."""
    random = np.random.default_rng(64)
    labels = random.permutation(np.arange(_NUM_TRAIN + _NUM_TEST) % 2)
    images = np.stack([_draw(bool(label), random) for label in labels])
    return Dataset(
        name,
        images[:_NUM_TRAIN],
        labels[:_NUM_TRAIN],
        images[_NUM_TRAIN:],
        labels[_NUM_TRAIN:],
        "synthetic: heads with and without pointed ears, not photographs",
        num_valid=_NUM_VALID,
    )


def _draw(cat: bool, random: np.random.Generator) -> np.ndarray:
    x, y = random.uniform(0.4, 0.6, 2)
    radius = random.uniform(0.2, 0.28)
    coat, background = random.uniform(80, 255, 3), random.uniform(0, 120, 3)
    shape = np.hypot(_COLUMN - x, _ROW - y) < radius
    for side in (-1, 1):
        if cat:  # an ear: narrower toward its tip, above the head
            height = (y - _ROW) / radius
            across = np.abs(_COLUMN - x - side * radius * 0.65) / radius
            shape |= (height > 0.5) & (height < 1.6) & (across < 0.45 * (1.6 - height))
        shape &= np.hypot(_COLUMN - x - side * radius * 0.4, _ROW - y + radius * 0.2) > 0.03
    image = np.where(shape[..., None], coat, background)
    return np.clip(image + random.normal(0, 10, image.shape), 0, 255).astype(np.uint8)
