"""The figures of a tensor are numpy's, however the tensor is cut."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tfmigrate.inspection.statistics import gather

SHAPES = hnp.array_shapes(min_dims=1, max_dims=1, max_side=60)
DTYPES = st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i4", "i8", "u8", "?"])


def cut(array: np.ndarray, at: list[int]) -> list[np.ndarray]:
    return np.split(array, sorted(place % (array.size + 1) for place in at))


@given(DTYPES.flatmap(lambda kind: hnp.arrays(kind, SHAPES)), st.lists(st.integers(0, 99)))
def test_figures_are_numpys(array: np.ndarray, at: list[int]) -> None:
    found = gather(cut(array, at))
    wide = array.astype(np.float64)
    numbers, finite = wide[~np.isnan(wide)], wide[np.isfinite(wide)]
    assert found.count == array.size
    assert found.zeros == np.count_nonzero(wide == 0)
    assert found.nans == np.count_nonzero(np.isnan(wide))
    assert found.infinities == np.count_nonzero(np.isinf(wide))
    if numbers.size:
        assert found.minimum == numbers.min()
        assert found.maximum == numbers.max()
    else:
        assert np.isnan(found.minimum)
    if finite.size and np.abs(finite).max() < 1e150:
        scale = np.abs(finite).max() * 1e-12 + 1e-300
        assert found.mean == pytest.approx(finite.mean(), abs=scale, rel=1e-12)
        assert found.deviation == pytest.approx(finite.std(), abs=scale * 100, rel=1e-9)


def test_a_small_spread_around_a_large_mean_is_not_lost() -> None:
    array = np.float32(1e4) + np.tile(np.float32([-0.5, 0.5]), 500_000)
    found = gather(np.split(array, 10))
    assert found.deviation == pytest.approx(array.astype(np.float64).std(), rel=1e-12)


def test_bfloat16() -> None:
    found = gather([np.array([1, -2, 0, 3], ml_dtypes.bfloat16)])
    assert (found.minimum, found.maximum, found.mean, found.zeros) == (-2, 3, 0.5, 1)


def test_complex_numbers_by_magnitude() -> None:
    found = gather([np.array([3 + 4j, 0, -5j], np.complex64)])
    assert (found.minimum, found.maximum, found.zeros) == (0, 5, 1)


def test_whole_numbers_that_float64_has_not() -> None:
    assert gather([np.array([2**62 + 1, 5], np.int64)]).maximum == 2**62 + 1


def test_an_empty_tensor() -> None:
    assert gather([np.empty(0, np.float32)]).count == 0
