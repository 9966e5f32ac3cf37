"""Figures of one tensor, gathered piece by piece in float64."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(slots=True)
class Statistics:
    """Figures of one tensor; of complex numbers, those of their magnitudes.

    Attributes:
        count: of elements.
        zeros, nans, infinities: how many elements are so.
        minimum, maximum: of the elements that are numbers, infinities included; NaN if there is
            none.
        mean, deviation: of the finite elements; the deviation is that of the population.
    """

    count: int = 0
    zeros: int = 0
    nans: int = 0
    infinities: int = 0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    deviation: float = math.nan

    @property
    def constant(self) -> bool:
        """Whether all elements, of which there are two or more, are one finite number."""
        return (
            self.count > 1
            and self.minimum == self.maximum
            and not self.nans
            and not self.infinities
        )


@np.errstate(over="ignore", invalid="ignore")  # squares of 1e200: the deviation is inf then
def gather(pieces: Iterable[np.ndarray]) -> Statistics:
    """The figures of a tensor that comes in flat pieces of any numeric or boolean dtype.

    Mean and deviation of the pieces are joined as in Chan, Golub and LeVeque, "Updating Formulae
    and a Pairwise Algorithm for Computing Sample Variances" (1979): no squares of large sums.
    """
    found = Statistics()
    finite = 0
    mean = squares = 0.0
    for piece in pieces:
        if not piece.size:
            continue
        values = np.abs(piece) if piece.dtype.kind == "c" else piece
        found.count += values.size
        found.zeros += values.size - int(np.count_nonzero(values))
        wide = values.astype(np.float64)
        low, high = _extremes(values, wide)
        if not (math.isfinite(low) and math.isfinite(high)):
            nans = np.isnan(wide)
            found.nans += int(np.count_nonzero(nans))
            found.infinities += int(np.count_nonzero(np.isinf(wide)))
            numbers = wide[~nans]
            if not numbers.size:
                continue
            low, high = float(numbers.min()), float(numbers.max())
            wide = wide[np.isfinite(wide)]
        found.minimum = low if math.isnan(found.minimum) else min(found.minimum, low)
        found.maximum = high if math.isnan(found.maximum) else max(found.maximum, high)
        if wide.size:
            piece_mean = float(wide.mean())
            wide -= piece_mean
            total = finite + wide.size
            apart = piece_mean - mean
            squares += float(wide @ wide) + apart * apart * finite * wide.size / total
            mean += apart * wide.size / total
            finite = total
    if finite:
        found.mean, found.deviation = mean, math.sqrt(squares / finite)
    return found


def _extremes(values: np.ndarray, wide: np.ndarray) -> tuple[float, float]:
    if values.dtype.kind in "iu":  # int64 has numbers that float64 has not
        return int(values.min()), int(values.max())
    return float(wide.min()), float(wide.max())
