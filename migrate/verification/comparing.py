"""Two arrays held against each other, strings and other shapes included, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..parity import Difference, measure

OF_SCALE = 2e-5
"""Of the greatest value of a tensor: what float32 rounding in another order may cost a network."""


@dataclass(frozen=True)
class Allowed:
    """What a tensor may be off by: a part of its scale, or ``atol + rtol * scale``.

    Attributes:
        atol, rtol: None where the default, :data:`OF_SCALE` of the scale, holds.
        canceling: output whose terms cancel → the greatest absolute difference, where rounding
            alone makes it more than that.
    """

    atol: float | None = None
    rtol: float | None = None
    canceling: Mapping[str, float] = field(default_factory=dict)

    def limit(self, scale: float) -> float:
        """The greatest absolute difference that passes for a tensor of this scale."""
        if self.atol is None and self.rtol is None:
            return OF_SCALE * scale
        return (self.atol or 0.0) + (self.rtol or 0.0) * scale

    def holds(self, difference: Difference) -> bool:
        """Whether a difference is within it, by default at least a step of float16 or bfloat16."""
        limit = self.limit(difference.scale)
        if self.atol is None and self.rtol is None:
            limit = max(limit, difference.resolution * difference.scale)
        return difference.max_abs <= limit

    def holds_for(self, output: str, difference: Difference) -> bool:
        """Whether the difference of an output is within it."""
        return self.holds(difference) or difference.max_abs <= self.canceling.get(output, 0.0)

    def __str__(self) -> str:
        if self.atol is None and self.rtol is None:
            return f"{OF_SCALE:g} relative to the largest value"
        return f"atol {self.atol or 0:g}, rtol {self.rtol or 0:g} relative to the largest value"


def difference(expected: np.ndarray, actual: np.ndarray) -> Difference:
    """As :func:`parity.measure`; strings differ by 1 or 0, another shape differs infinitely."""
    if expected.shape != actual.shape:
        expected_size = int(np.prod(expected.shape, dtype=np.int64))
        return Difference(
            expected.shape, expected_size, np.inf, np.inf, None, 0.0, None, None, None, None
        )
    if expected.dtype.kind in "SUO" or actual.dtype.kind in "SUO":
        same = expected.astype(bytes) == actual.astype(bytes)
        return measure(np.ones(same.shape, bool), np.asarray(same))
    return measure(expected, actual)
