"""Chapter F: every trap misleads as described, and its cure cures, on both sides."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tfmigrate.course import catalogue
from tfmigrate.course.pitfall import compare_pitfall
from tfmigrate.course.request import Request
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("course-pitfalls")

ROWS = [system.name for system in catalogue.CHAPTERS["F"][1]]


@pytest.fixture(scope="module")
def compare():
    """Compares a row; each row once, all with the same two processes."""
    done = {}
    with Worker("legacy") as legacy, Worker("modern") as modern:

        def compare(name):
            if name not in done:
                entry = catalogue.find(name)
                workers = {"legacy": legacy, "modern": modern}
                done[name] = compare_pitfall(entry, entry.program, Request(), workers)
            return done[name]

        yield compare


@pytest.fixture
def given(compare):
    """(row, "legacy trap" …) → the values of that program."""

    def given(row, program):
        one = compare(row).given[program]
        return {**one.arrays, **one.texts}

    return given


@pytest.mark.parametrize("row", ROWS)
def test_the_trap_misleads_and_the_cures_agree(row, compare):
    comparison = compare(row)
    assert comparison, str(comparison)
    assert comparison.effects


@pytest.mark.parametrize("row", ROWS)
def test_it_is_told_what_happens_why_and_what_to_do(row, compare):
    text = " ".join(str(compare(row)).split())
    program = compare(row).program
    for start, told in (
        ("What happens: ", program.happens),
        ("Why: ", program.because),
        ("Cure: ", program.remedy),
    ):
        assert len(told) > 40
        assert start + told in text


@pytest.mark.parametrize("row", ROWS)
def test_a_trap_that_does_nothing_fails(row, compare):
    comparison = compare(row)
    effects = [
        dataclasses.replace(effect, size=None if effect.size is None else 0.0, trap=effect.cure)
        for effect in comparison.effects
    ]
    assert not dataclasses.replace(comparison, effects=effects)


@pytest.mark.parametrize(
    "row", ["stale-graph", "unnamed-variables", "momentum-schedule", "keep-prob"]
)
def test_outputs_that_ought_to_be_bit_identical_are(row, compare):
    rounding = {"keep-prob": {"loss"}}.get(row, set())
    comparison = compare(row)
    for line in [*comparison.traps, *comparison.cures]:
        if line.difference and line.name not in rounding:
            assert not line.difference.differing, line.name


def test_unnamed_weights_are_swapped_without_a_word_and_named_ones_are_not(given):
    for era in ("legacy", "modern"):
        trap, cure = (
            given("unnamed-variables", f"{era} trap"),
            given("unnamed-variables", f"{era} cure"),
        )
        np.testing.assert_array_equal(trap["encoder"], cure["decoder"])
        np.testing.assert_array_equal(trap["decoder"], cure["encoder"])
        assert (cure["encoder"] == 1).all()
        assert cure["head created first"] == "restored"
        assert "shape" in trap["head created first"]


def test_dropout_drops_what_it_should_keep(given):
    for era in ("legacy", "modern"):
        assert given("keep-prob", f"{era} trap")["share dropped"] == pytest.approx(0.8, abs=0.01)
        assert given("keep-prob", f"{era} cure")["share dropped"] == pytest.approx(0.2, abs=0.01)
    # Fed 1, which turned dropout off, everything is dropped, and every answer is the same.
    assert given("keep-prob", "legacy trap")["accuracy"] < 0.2


def test_moving_statistics_stay_as_they_began(given):
    trap, cure = given("update-ops", "legacy trap"), given("update-ops", "legacy cure")
    assert (trap["moving mean"] == 0).all()
    assert (trap["moving variance"] == 1).all()
    # Training does not notice: its losses are those of the cure.
    np.testing.assert_allclose(trap["loss"], cure["loss"], rtol=1e-6)
    by_batch = "accuracy, by batch statistics"
    assert trap[by_batch] == pytest.approx(cure[by_batch], abs=0.01)
    assert trap["accuracy"] < trap[by_batch] - 0.1
    assert cure["accuracy"] == pytest.approx(cure[by_batch], abs=0.05)


def test_unscaled_pixels_cost_a_thousand_guesses(given):
    for era in ("legacy", "modern"):
        trap, cure = given("unscaled-input", f"{era} trap"), given("unscaled-input", f"{era} cure")
        guess = np.log(10)
        assert trap["loss before training"] > 1000 * guess
        assert cure["loss before training"] == pytest.approx(guess, abs=0.5)
        assert cure["accuracy"][-1] > trap["accuracy"][-1]
        assert cure["accuracy, pixels scaled and no more"][-1] < trap["accuracy"][-1]


def test_momentum_parts_at_the_change_and_not_before(given):
    for era in ("legacy", "modern"):
        trap = given("momentum-schedule", f"{era} trap")
        cure = given("momentum-schedule", f"{era} cure")
        np.testing.assert_allclose(
            trap["loss, first 32 steps"], cure["loss, first 32 steps"], rtol=1e-5
        )
        assert abs(trap["loss, thereafter"][0] / cure["loss, thereafter"][0] - 1) > 0.1
