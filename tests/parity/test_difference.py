"""Differences: what is measured, held against numpy and against laws."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.parity import EXACT, Tolerance, Verdict, measure, worst

FLOATS = arrays.arrays(
    st.sampled_from(["f2", "f4", "f8"]),
    arrays.array_shapes(min_dims=0, max_dims=3, max_side=5),
    elements=st.floats(width=16),
)


@given(FLOATS)
def test_nothing_differs_from_itself(array):
    difference = measure(array, array.copy())
    assert difference.differing == 0
    assert (difference.max_abs, difference.max_rel, difference.max_ulp) == (0, 0, 0)
    assert difference.at is None
    assert difference.within(EXACT)
    assert str(difference).startswith("all ")


@given(FLOATS, st.data())
def test_one_step_to_the_next_float_is_one_ulp(array, data):
    finite = np.isfinite(array) & np.isfinite(np.nextafter(array, np.array(np.inf, array.dtype)))
    if not finite.any():
        return
    places = [tuple(int(i) for i in at) for at in np.argwhere(finite)]
    at = data.draw(st.sampled_from(places))
    other = array.copy()
    other[at] = np.nextafter(array[at], np.array(np.inf, array.dtype))
    difference = measure(array, other)
    assert (difference.differing, difference.max_ulp, difference.at) == (1, 1, at)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_ulps_count_through_zero(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    assert measure(np.array([-tiny]), np.array([tiny])).max_ulp == 2
    assert measure(np.array([-0.0], dtype), np.array([0.0], dtype)).max_ulp == 0


@given(
    arrays.arrays("f8", (3, 4), elements=st.floats(-1e6, 1e6)),
    arrays.arrays("f8", (3, 4), elements=st.floats(-1e6, 1e6)),
)
def test_the_required_tolerance_passes_numpys_own_check(expected, actual):
    required = measure(expected, actual).required
    # nextafter: allclose adds up in floating point what we state as a plain maximum
    np.testing.assert_allclose(actual, expected, rtol=0, atol=np.nextafter(required.atol, np.inf))
    if required.rtol < 1e200:  # beyond it numpy's own product overflows
        rtol = required.rtol * (1 + 1e-12)
        np.testing.assert_allclose(actual, expected, atol=0, rtol=rtol)


def test_a_value_against_nan_or_infinity_is_infinitely_far():
    nan, inf = np.nan, np.inf
    assert measure(np.array([nan, inf, -inf]), np.array([nan, inf, -inf])).differing == 0
    assert measure(np.array([1.0]), np.array([nan])).max_abs == inf
    assert measure(np.array([inf]), np.array([-inf])).max_abs == inf
    assert not measure(np.array([0.0]), np.array([nan])).within(Tolerance(1e30, 1e30))


def test_the_text_says_how_many_where_what_and_which_tolerance_passes():
    expected = np.array([[1.0, 2.0], [3.0, 4.0]])
    actual = np.array([[1.0, 2.5], [3.0, 4.0]])
    assert str(measure(expected, actual)) == (
        "1 of 4 elements differ; the largest difference is 0.5 (relative 0.25, "
        "1,125,899,906,842,624 ULP) at [0, 1]: expected 2.0, got 2.5; the smallest "
        "tolerance that passes is atol 0.5 or rtol 0.25"
    )


def test_the_share_of_equal_classes_is_counted_by_row():
    expected = np.array([[0.1, 0.9], [0.8, 0.2]])
    assert measure(expected, expected[:, ::-1]).same_class == 0.0
    assert measure(expected, np.array([[0.2, 0.8], [0.1, 0.9]])).same_class == 0.5
    assert measure(np.zeros(3), np.zeros(3)).same_class is None


def test_integers_and_booleans_have_no_ulps():
    assert measure(np.array([1, 2]), np.array([1, 4])).max_abs == 2
    assert measure(np.array([1, 2]), np.array([1, 4])).max_ulp is None
    assert measure(np.array([True]), np.array([False])).differing == 1


def test_complex_numbers_are_measured_by_their_distance():
    assert measure(np.array([1 + 1j]), np.array([4 + 5j])).max_abs == 5.0


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\), got \(1,\)"):
        measure(np.zeros(2), np.zeros(1))


def test_a_comparison_of_nothing_is_no_pass():
    with pytest.raises(ValueError, match="nothing was compared"):
        worst([])


def test_only_a_measured_pass_is_true():
    assert [bool(v) for v in (Verdict.of(True), Verdict.of(False), Verdict.of(None))] == [
        True,
        False,
        False,
    ]
