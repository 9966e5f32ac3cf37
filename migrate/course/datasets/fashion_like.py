"""Synthetic stand-ins for Fashion-MNIST: clothes drawn from trapezoids, ten classes of them.

``fashion-like`` is small and easy. ``wardrobe-like`` has more pictures, darker ones among them, and
the clothes lie less in the middle: what a few hundred of them teach can still be improved on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .dataset import Dataset

_SIZE = 28
_ROW, _COLUMN = np.mgrid[0:_SIZE, 0:_SIZE].astype(float)


class _Kind(NamedTuple):
    num_train: int
    num_valid: int
    num_test: int
    across: float = 1  # standard deviation of the middle, in pixels
    down: float = 0
    darkest: float = 90  # of 255


_KINDS = {
    "fashion-like": _Kind(1500, 300, 400),
    "wardrobe-like": _Kind(6000, 1000, 500, across=2.5, down=1.25, darkest=50),
}


def load(name: str) -> Dataset:
    """(28, 28) uint8 of 0 to 255, classes in the order of Fashion-MNIST; always the same images."""
    kind = _KINDS[name]
    random = np.random.default_rng(28)
    labels = random.permutation(np.arange(kind.num_train + kind.num_test) % 10)
    images = np.stack([_draw(int(label), kind, random) for label in labels])
    return Dataset(
        name,
        images[: kind.num_train],
        labels[: kind.num_train],
        images[kind.num_train :],
        labels[kind.num_train :],
        "synthetic: clothes drawn from trapezoids, not Fashion-MNIST",
        num_valid=kind.num_valid,
    )


def _draw(label: int, kind: _Kind, random: np.random.Generator) -> np.ndarray:
    """One picture: a silhouette of that class, moved, stretched, shaded, with noise."""
    left = 13.5 + random.normal(0, kind.across)
    width = random.uniform(0.85, 1.15)
    top = random.uniform(2, 5)
    image = _silhouette(label, left, top, width, random)
    if kind.down:
        image = np.roll(image, round(random.normal(0, kind.down)), axis=0)
    shade = random.uniform(kind.darkest, 230)
    folds = 1 + 0.2 * np.sin(_COLUMN * random.uniform(0.3, 1.2) + random.uniform(0, 6))
    noise = random.normal(0, 12, image.shape)
    return np.clip(image * (shade * folds + noise), 0, 255).astype(np.uint8)


def _silhouette(
    label: int, x: float, top: float, width: float, random: np.random.Generator
) -> np.ndarray:
    body = _trapezoid(x, top, 25, 6 * width, 6 * width)
    shoulder, hem = top + 1, random.uniform(20, 25)
    long_sleeves = _sleeves(x, shoulder, hem, 6 * width, 11 * width)
    match label:
        case 0:  # T-shirt
            return _union(body, _sleeves(x, shoulder, top + 8, 6 * width, 12 * width))
        case 1:  # trousers
            legs = [_trapezoid(x + s * 3.5 * width, top, 27, 3.2, 2.4) for s in (-1, 1)]
            return _union(*legs)
        case 2:  # pullover
            return _union(body, long_sleeves)
        case 3:  # dress
            return _trapezoid(x, top, 27, 3 * width, 6.5 * width)
        case 4:  # coat: open in front
            front = np.abs(_COLUMN - x) < 0.8
            coat = _union(_trapezoid(x, top, 27, 6 * width, 7 * width), long_sleeves)
            return np.where(front, 0.15, coat)
        case 5:  # sandal: a sole and straps
            straps = ((_COLUMN + _ROW) % 6 < 2) * _trapezoid(x, 14, 21, 3, 11)
            return _union(_trapezoid(x, 21, 23.5, 12, 12), straps)
        case 6:  # shirt: a row of buttons
            buttons = (np.abs(_COLUMN - x) < 0.8) & (_ROW % 4 < 1)
            return np.where(buttons, 0.2, _union(body, 0.8 * long_sleeves))
        case 7:  # sneaker
            return _union(_trapezoid(x, 19, 22, 12, 12), _trapezoid(x - 3, 13, 20, 4, 9))
        case 8:  # bag
            ring = np.hypot((_COLUMN - x) / 5, (_ROW - 11) / 6)
            return _union(_trapezoid(x, 11, 24, 9 * width, 11 * width), np.abs(ring - 1) < 0.2)
        case _:  # ankle boot
            shaft = _trapezoid(x - 4, top + 2, 20, 4.5, 5)
            return _union(_trapezoid(x, 18, 24, 8, 12), shaft)


def _trapezoid(x: float, top: float, bottom: float, above: float, below: float) -> np.ndarray:
    """1 inside, 0 outside; half as wide as ``above`` at the top and ``below`` at the bottom."""
    down = (_ROW - top) / (bottom - top)
    inside = (down >= 0) & (down <= 1) & (np.abs(_COLUMN - x) <= above + (below - above) * down)
    return inside.astype(float)


def _sleeves(x: float, top: float, bottom: float, inner: float, outer: float) -> np.ndarray:
    down = np.clip((_ROW - top) / (bottom - top), 0, 1)
    middle = inner + (outer - inner) * down
    near = np.abs(np.abs(_COLUMN - x) - middle) <= 2.2
    return (near & (top <= _ROW) & (bottom >= _ROW)).astype(float)


def _union(*masks: np.ndarray) -> np.ndarray:
    return np.maximum.reduce([np.asarray(mask, float) for mask in masks])
