"""Outputs whose terms cancel: what float32 does to the original itself is no fault of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from tfmigrate.parity import Verdict
from tfmigrate.verification import Allowed, Measured
from tfmigrate.verification.backends import OnBackend
from tfmigrate.verification.comparing import difference
from tfmigrate.verification.exports import Exported
from tfmigrate.verification.result import Verification, Wide
from tfmigrate.verification.trained import Trained

SCORES = np.random.default_rng(0).normal(0, 0.003, (64, 51))
VALUES = np.linspace(-10, 10, 51)


def expected_values(scores: np.ndarray, order: slice) -> np.ndarray:
    """Of a distribution over values that cancel, as deep Q networks have it, summed in an order."""
    powers = np.exp(scores)
    terms = powers / powers.sum(1, keepdims=True) * VALUES.astype(scores.dtype)
    return np.cumsum(terms[:, order], 1)[:, -1]


@pytest.fixture(scope="module")
def found() -> Verification:
    """Two orders of the same sum in float32, and what float64 says of both."""
    one, other = (expected_values(SCORES.astype("float32"), slice(None, None, s)) for s in (1, -1))
    exact, again = (expected_values(SCORES, slice(None, None, step)) for step in (1, -1))
    moved = {"q:0": difference(exact, one.astype("float64")).max_abs}
    wide = Wide(float(np.abs(exact - again).max()), None, True, moved)
    return Verification({"q:0": difference(one, other)}, (), (), Allowed(), 64, wide)


def test_terms_that_cancel_pass_and_say_so(found: Verification) -> None:
    assert not Allowed().holds(found.outputs["q:0"])
    assert found.verdict is Verdict.PASS
    assert "Large terms cancel in q:0" in " ".join(found.told())
    assert Measured(found.outputs, found=found).holds
    assert not Measured(found.outputs).holds


def test_other_backends_and_runtimes_may_be_off_by_as_much(found: Verification) -> None:
    allowed, outputs = Measured(found.outputs, found=found).allowed, found.outputs
    far = {"q:0": replace(outputs["q:0"], max_abs=1.01 * allowed.canceling["q:0"])}
    for kind in (OnBackend, Exported):
        assert kind("torch", allowed, outputs).verdict is Verdict.PASS
        assert kind("torch", allowed, far).verdict is Verdict.FAIL
        assert kind("torch", allowed, {"other:0": outputs["q:0"]}).verdict is Verdict.FAIL


def test_nothing_else_is_excused(found: Verification) -> None:
    assert found.wide is not None
    little = {"q:0": found.outputs["q:0"].max_abs / 11}
    for other in (
        replace(found, wide=None),
        replace(found, wide=replace(found.wide, rounding=False)),
        replace(found, wide=replace(found.wide, moved=little)),
        replace(found, wide=replace(found.wide, moved={})),
        replace(found, allowed=Allowed(0.0, 2e-5)),
    ):
        assert other.verdict is Verdict.FAIL
        assert "cancel" not in " ".join(other.told())


def test_rounding_excuses_what_it_moves_as_far_and_no_loss() -> None:
    apart = difference(np.ones(3), np.full(3, 1.01))
    trained = Trained(((1.0, 1.0), (1.0, 1.0)), {}, {"dense/kernel": apart}, {})
    excused = trained.excused({"dense/kernel": 0.002}, Allowed())
    assert excused.holds(Allowed())
    assert excused.notes == (
        "dense/kernel not compared after training: rounding changes it as much",
    )
    assert not trained.excused({"dense/kernel": 0.0009}, Allowed()).holds(Allowed())
    later = replace(trained, losses=((1.0, 1.0), (1.0, 1.01)))
    assert not later.excused({"dense/kernel": 0.002}, Allowed()).holds(Allowed())


@pytest.mark.parametrize(("dtype", "step"), [("float16", 2.0**-10), (ml_dtypes.bfloat16, 2.0**-7)])
def test_half_precision_may_be_off_by_one_step_and_says_so(dtype: Any, step: float) -> None:
    one = np.array([1.0, 0.25], dtype)
    found = difference(one, np.array([1 + step, 0.25], dtype))
    assert found.resolution == step
    result = Verification({"y:0": found}, (), (), Allowed(), 64)
    assert result.verdict is Verdict.PASS
    assert f"y:0 has half precision: it may differ by {step:.2g} of" in " ".join(result.told())
    two = difference(one, np.array([1 + 2 * step, 0.25], dtype))
    assert not Allowed().holds(two)
    assert not Allowed(0.0, 2e-5).holds(found)  # a tolerance that is asked for
    wide = difference(np.float32([1.0]), np.float32([1 + step]))
    assert (wide.resolution, Allowed().holds(wide)) == (0.0, False)
