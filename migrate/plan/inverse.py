"""From a changed array of the new model back to the old variables that it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .recipe import Read

Make = Callable[[Read], np.ndarray]

_DIGIT = 2048  # element numbers go through float32 exactly in two digits of this base


class NoInverseError(ValueError):
    """The array does not determine the variables; the message is why, as a clause."""


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are equal bit for bit, in shape and dtype too."""
    same = one.shape == other.shape and one.dtype == other.dtype
    return same and bool(np.all(_bits(one) == _bits(other)))


def changed_elements(
    make: Make, read: Read, sources: Mapping[str, tuple[int, ...]], now: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The elements of the variables that make an array what it is now, where it has changed.

    Each element of the array must be one element of one variable, times a number, plus a number.
    The elements are found by making the array of element numbers. The caller makes the array again
    from the result, which proves this.

    Args:
        make: from the variables' values to the array.
        read: variable → its old values.
        sources: variable → shape.
        now: the array of the model.

    Returns:
        variable → flat element numbers (int64), and their values (float64). An element that did not
        change bit for bit is not among them.

    Raises:
        NoInverseError: an element that changed depends on no element of a variable, or the array
            has another shape or dtype.
    """
    before = np.asarray(make(read))
    if before.shape != now.shape or before.dtype != now.dtype:
        raise NoInverseError(
            f"it is {now.dtype} {list(now.shape)} now and was {before.dtype} {list(before.shape)}"
        )
    changed = (_bits(before) != _bits(now)).reshape(-1)
    if not changed.any():
        return {}
    if now.dtype.kind not in "fV" and now.dtype.name != "bfloat16":
        raise NoInverseError(f"its elements are {now.dtype}")
    starts = np.cumsum([0, *(int(np.prod(shape)) for shape in sources.values())])
    first = dict(zip(sources, starts, strict=False))

    def probe(function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        def given(name: str) -> np.ndarray:
            numbers = first[name] + np.arange(int(np.prod(sources[name])))
            return function(numbers).astype(np.float64).reshape(sources[name])

        with np.errstate(all="ignore"):
            return np.asarray(make(given), np.float64).reshape(-1)[changed]

    offset = probe(np.zeros_like)
    factor = probe(np.ones_like) - offset
    if not np.isfinite(offset).all() or not np.isfinite(factor).all():
        raise NoInverseError("its elements are not elements of a variable, times and plus a number")
    if not factor.all():
        raise NoInverseError("elements of it changed that the graph has as constants")
    low, high = (
        np.rint((probe(digit) - offset) / factor)
        for digit in (lambda n: n % _DIGIT, lambda n: n // _DIGIT)
    )
    places = low + _DIGIT * high
    if not ((places >= 0) & (places < starts[-1])).all():
        raise NoInverseError("its elements are not elements of a variable, times and plus a number")
    places = places.astype(np.int64)
    values = (now.reshape(-1)[changed].astype(np.float64) - offset) / factor
    found = {}
    for name, start, stop in zip(sources, starts, starts[1:], strict=False):
        here = (places >= start) & (places < stop)
        if here.any():
            found[name] = (places[here] - start, values[here])
    return found


def _bits(array: np.ndarray) -> np.ndarray:
    if array.dtype.hasobject:
        return array
    return np.ascontiguousarray(array).view(f"V{array.dtype.itemsize}").reshape(array.shape)
