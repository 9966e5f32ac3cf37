"""How far two arrays are apart: absolute, relative, in ULPs, by class, and the tolerance needed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import ml_dtypes
import numpy as np

_ORDERED = {
    np.dtype("f2"): np.uint16,
    np.dtype("f4"): np.uint32,
    np.dtype("f8"): np.uint64,
}


@dataclass(frozen=True)
class Tolerance:
    """What is allowed: ``|actual - expected| <= atol + rtol * |expected|``, as numpy.allclose."""

    atol: float = 0.0
    rtol: float = 0.0

    def __str__(self) -> str:
        if not self.atol and not self.rtol:
            return "exact"
        return f"atol {self.atol:.3g}, rtol {self.rtol:.3g}"


EXACT = Tolerance()


@dataclass(frozen=True)
class Difference:
    """The measured difference of two arrays of one shape.

    Attributes:
        shape: of both arrays.
        differing: the number of elements that are not bit-equal in value (two NaNs are equal).
        max_abs: the greatest ``|actual - expected|``; inf where only one side is NaN or infinite.
        max_rel: the greatest ``|actual - expected| / |expected|``; inf where expected is 0 and
            actual is not.
        max_ulp: the greatest number of representable values between the two, in the coarser of
            the two dtypes; None for integers, booleans and strings.
        scale: the greatest finite ``|expected|``: what an absolute difference is to be held
            against.
        at: the index of the greatest absolute difference, None where nothing differs.
        expected, actual: the two values there.
        same_class: the share of rows whose greatest element is at the same place, for arrays of
            two or more dimensions with two or more columns; else None.
        resolution: of float16 and bfloat16, the step from 1 to the next number; 0 for all others.
    """

    shape: tuple[int, ...]
    differing: int
    max_abs: float
    max_rel: float
    max_ulp: int | None
    scale: float
    at: tuple[int, ...] | None
    expected: float | None
    actual: float | None
    same_class: float | None
    resolution: float = 0.0

    @property
    def required(self) -> Tolerance:
        """The least tolerance that passes: this atol alone, or this rtol alone."""
        return Tolerance(self.max_abs, self.max_rel)

    @property
    def share(self) -> float:
        """The greatest absolute difference, relative to the largest value."""
        return self.max_abs / (self.scale or 1.0)

    def within(self, tolerance: Tolerance) -> bool:
        """Whether the tolerance certainly covers every element: atol alone, or rtol alone."""
        return self.max_abs <= tolerance.atol or self.max_rel <= tolerance.rtol

    def __str__(self) -> str:
        elements = int(np.prod(self.shape, dtype=np.int64))
        if not self.differing:
            return f"all {elements:,} elements are equal"
        ulp = "" if self.max_ulp is None else f", {self.max_ulp:,} ULP"
        return (
            f"{self.differing:,} of {elements:,} elements differ; the largest difference is "
            f"{self.max_abs:.3g} (relative {self.max_rel:.3g}{ulp}) at {list(self.at or ())}: "
            f"expected {self.expected!r}, got {self.actual!r}; the smallest tolerance that "
            f"passes is atol {self.max_abs:.3g} or rtol {self.max_rel:.3g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **asdict(self),
            "shape": list(self.shape),
            "at": None if self.at is None else list(self.at),
            "required_tolerance": asdict(self.required),
        }


def measure(expected: np.ndarray, actual: np.ndarray) -> Difference:
    """Measures how far ``actual`` is from ``expected``.

    Args:
        expected: the reference, any numeric or boolean dtype.
        actual: the same shape.

    Raises:
        ValueError: the shapes differ.
    """
    expected, actual = np.asarray(expected), np.asarray(actual)
    if expected.shape != actual.shape:
        raise ValueError(f"shapes differ: expected {expected.shape}, got {actual.shape}")
    reference, other = _wide(expected), _wide(actual)
    equal = (reference == other) | (np.isnan(reference) & np.isnan(other))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        absolute = np.where(equal, 0.0, np.abs(other - reference))
        absolute = np.where(np.isnan(absolute), np.inf, absolute)
        magnitude = np.abs(reference)
        relative = np.where(equal, 0.0, absolute / magnitude)
        relative = np.where(np.isnan(relative), np.inf, relative)
    at = None
    if not equal.all():
        at = tuple(int(i) for i in np.unravel_index(int(absolute.argmax()), absolute.shape))
    finite = magnitude[np.isfinite(magnitude)]
    return Difference(
        shape=expected.shape,
        differing=int(np.count_nonzero(~equal)),
        max_abs=float(absolute.max(initial=0.0)),
        max_rel=float(relative.max(initial=0.0)),
        max_ulp=_max_ulp(expected, actual, equal),
        scale=float(finite.max(initial=0.0)),
        at=at,
        expected=None if at is None else _scalar(expected[at]),
        actual=None if at is None else _scalar(actual[at]),
        same_class=_same_class(reference, other),
        resolution=max(_resolution(expected.dtype), _resolution(actual.dtype)),
    )


def worst(differences: list[Difference]) -> Difference:
    """The one with the greatest absolute difference.

    Raises:
        ValueError: there are none: a comparison that compared nothing must not read as a pass.
    """
    if not differences:
        raise ValueError("nothing was compared")
    return max(differences, key=lambda d: (d.max_abs, d.max_ulp or 0))


def _resolution(dtype: np.dtype[Any]) -> float:
    half = dtype.itemsize == 2 and dtype.kind in "fV"  # bfloat16 is of kind V
    return float(ml_dtypes.finfo(dtype).eps) if half else 0.0


def _wide(array: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(array):
        return array.astype(np.complex128)
    return array.astype(np.float64)


def _scalar(value: Any) -> float:
    return float(abs(value)) if np.iscomplexobj(value) else float(value)


def _max_ulp(expected: np.ndarray, actual: np.ndarray, equal: np.ndarray) -> int | None:
    dtype = min(expected.dtype, actual.dtype, key=lambda d: d.itemsize)
    if dtype not in _ORDERED:
        return None
    left, right = _ordered(expected.astype(dtype)), _ordered(actual.astype(dtype))
    apart = np.maximum(left, right) - np.minimum(left, right)
    return int(np.where(equal, 0, apart).max(initial=0))


def _ordered(array: np.ndarray) -> np.ndarray:
    """Floats as unsigned integers in the same order, one apart where the floats are neighbors.

    Negative floats have their bits reversed around the middle, so that -0 and +0 coincide.
    """
    unsigned = _ORDERED[array.dtype]
    bits = np.ascontiguousarray(array).view(unsigned).reshape(array.shape)
    sign = 1 << (array.dtype.itemsize * 8 - 1)
    middle, below = np.array([sign, sign - 1], unsigned)
    magnitude = bits & below
    return np.where(bits >= middle, middle - magnitude, middle + magnitude)


def _same_class(expected: np.ndarray, actual: np.ndarray) -> float | None:
    if expected.ndim < 2 or expected.shape[-1] < 2 or not expected.size:
        return None
    if np.iscomplexobj(expected) or np.iscomplexobj(actual):
        return None
    return float((expected.argmax(-1) == actual.argmax(-1)).mean())
