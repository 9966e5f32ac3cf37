"""Chapter C: each system compared once, briefly, and what its lesson claims held against numpy."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from tfmigrate.course import catalogue, prepare
from tfmigrate.course.datasets import load
from tfmigrate.course.lockstep import compare_training
from tfmigrate.course.programs import Training
from tfmigrate.course.request import Request
from tfmigrate.course.values import compare_values
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("compare")


@pytest.fixture(scope="module")
def workers():
    with Worker("legacy") as legacy, Worker("modern") as modern:
        yield {"legacy": legacy, "modern": modern}


@pytest.fixture(scope="module")
def trained(workers):
    """name, cases, epochs → the comparison of the part that trains; one epoch by default."""

    def compare(name, *case, epochs=1):
        system = catalogue.find(name)
        request = Request(case=case, epochs=epochs)
        return compare_training(system, system.training, request, workers, None)

    return compare


@pytest.fixture(scope="module")
def valued(workers):
    """name → the comparison of the part that gives values, and these by name."""

    @functools.cache
    def compare(name):
        system = catalogue.find(name)
        (program,) = (p for p in system.programs if not isinstance(p, Training))
        result = compare_values(system, program, Request(), workers)
        return result, {value.name: value for value in result.values}

    return compare


def sizes(side):
    return {n: a.shape for n, a in side.arrays.items() if n.startswith("weight:")}


def test_every_activation_is_bit_identical(trained):
    result = trained("activations")
    assert result
    assert [outcome.case for outcome in result.devices] == ["LeakyReLU", "ELU", "SELU"]
    assert all(outcome.identical for outcome in result.devices)


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("LeakyReLU", lambda x: np.where(x > 0, x, 0.2 * x)),
        ("ELU", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    ],
)
def test_the_logits_are_what_numpy_makes_of_the_activation(trained, case, function):
    (outcome,) = trained("activations", case).devices
    arrays = {n: a.astype("f8") for n, a in outcome.sides[1].arrays.items()}
    h = prepare.validated(prepare.scaled_classes)(load("fashion-like")).x_test.astype("f8")
    for layer in ("hidden1", "hidden2", "outputs"):
        h = h @ arrays[f"weight:{layer}/kernel"] + arrays[f"weight:{layer}/bias"]
        h = h if layer == "outputs" else function(h)
    np.testing.assert_allclose(arrays["logits_after"], h, rtol=0, atol=1e-5)


def test_a_hundred_layers_are_bit_identical(trained):
    result = trained("deep-100", "SELU")
    assert result
    (outcome,) = result.devices
    assert outcome.identical
    # 784 · 300 + 300, 300 · 100 + 100, 98 of 100 · 100 + 100, 100 · 10 + 10
    assert result.num_parameters == 235_500 + 30_100 + 98 * 10_100 + 1_010


def test_batch_normalization_moves_its_averages_alike_and_has_the_parameters_of_the_notes(trained):
    result = trained("batch-norm")
    assert result
    after, before = result.devices
    assert sum(np.prod(s) for s in sizes(after.sides[0]).values()) == 271_346
    assert sum(np.prod(s) for s in sizes(before.sides[0]).values()) == 270_946
    for side in after.sides:
        averages = side.arrays["weight:bn1/moving_mean"]
        x = prepare.validated(prepare.scaled_classes)(load("fashion-like")).x_train
        steps = -(-len(x) // 32)
        batches = [x[start : start + 32].mean(0) for start in range(0, len(x), 32)]
        expected = sum(b * 0.01 * 0.99 ** (steps - 1 - n) for n, b in enumerate(batches))
        np.testing.assert_allclose(averages, expected, atol=1e-6)


def test_each_optimizer_follows_tf1_or_says_how_far_it_does_not(trained):
    result = trained("optimizers")
    assert result
    by_case = {outcome.case: outcome for outcome in result.devices}
    assert by_case["SGD"].identical
    own = by_case.pop("RMSProp, Keras's own")
    assert own.parts > 0.1
    assert "at 0 in Keras" in own.why
    for name in ("Nadam", "AdaMax"):
        alone = by_case.pop(name)
        assert [side.form for side in alone.sides] == ["keras"]
        assert alone.verdict == "not run"
        assert alone.why.startswith("No TF1 twin")
    for outcome in by_case.values():
        assert outcome.verdict == "pass", outcome.case
        assert outcome.identical or outcome.why
    for name in ("momentum", "Nesterov", "RMSProp", "Adam", "Adadelta"):
        assert by_case[name].exact, name  # with TF1's update in the place of Keras's
        assert 0 < by_case[name].parts < 1e-4, name  # and not without


def test_a_departure_that_is_not_there_fails(trained):
    """With TF1's rule in Keras the two agree, which is not what was announced."""
    from tfmigrate.course.measuring import parity

    (outcome,) = trained("optimizers", "SGD").devices
    broken = replace(outcome, parity=parity(outcome.sides, departs=0.1))
    assert broken.verdict == "fail"


def test_each_schedule_is_bit_identical(trained):
    result = trained("schedules", epochs=6)
    assert result
    assert all(outcome.identical for outcome in result.devices)
    losses = {o.case: [e.loss for e in o.sides[0].epochs] for o in result.devices}
    assert losses["power"] != losses["exponential"]
    assert losses["exponential"][:5] != losses["piecewise"][:5]


def test_performance_scheduling_halves_the_rate_and_keras_momentum_parts_from_then_on(valued):
    result, values = valued("schedules")
    assert result
    rates = values["performance: rate"].legacy
    first = int(np.flatnonzero(rates < 0.02)[0])
    assert rates[first] == pytest.approx(0.01)
    own = values["validation loss, Keras's momentum"]
    apart = np.abs(own.legacy - own.modern) / own.legacy
    assert apart[:first].max() < 1e-3 < apart[first:].max()


def test_the_finder_finds_a_rate_between_its_bounds_and_sees_the_loss_grow(valued):
    _, values = valued("schedules")
    losses = values["finder: loss of each step"].legacy
    rate = float(values["finder: rate of the least loss"].legacy)
    assert 1e-3 < rate < 1
    assert not losses[-1] < 10 * losses[0]  # or it is NaN


def test_penalties_masks_and_constraints_agree(trained):
    result = trained("regularization")
    assert result
    by_case = {outcome.case: outcome for outcome in result.devices}
    assert by_case["L2, Nadam"].verdict == "not run"
    for side in by_case["max-norm"].sides:
        for layer in ("hidden1", "hidden2", "outputs"):
            kernel = side.arrays[f"weight:{layer}/kernel"]
            assert np.linalg.norm(kernel, axis=0).max() <= 1 + 1e-6
    session, keras = by_case["L2"].sides
    penalty = 0.01 * sum(np.sum(a**2) for n, a in session.arrays.items() if n.endswith("kernel"))
    assert session.epochs[-1].loss > penalty * 0.9
    assert keras.epochs[-1].loss == pytest.approx(session.epochs[-1].loss, rel=1e-4)


def test_transfer_agrees_and_learns_on(valued):
    result, values = valued("transfer")
    assert result
    assert values["A: logits"].legacy.shape[1] == 8
    assert values["A: accuracy"].legacy > 0.9
    frozen = values["B on A: loss by epoch"].legacy
    assert list(frozen) == sorted(frozen, reverse=True)


def test_what_a_has_learned_helps_b_on_both_sides_and_the_verdict_says_so(valued):
    result, values = valued("transfer")
    right = {
        side: [getattr(values[f"{name}: accuracy"], side) for name in ("B on A", "B from scratch")]
        for side in ("legacy", "modern")
    }
    for on_a, alone in right.values():
        assert on_a - alone > 0.01
    (claim,) = result.claims
    assert claim.gains == tuple(on_a - alone for on_a, alone in right.values())
    told = "B on A: accuracy beats B from scratch: accuracy: TF1 by 0.0"
    assert told in str(result).splitlines()[-1]
    assert "synthetic" in str(result)


def test_a_claim_that_does_not_hold_fails_on_the_data_it_is_made_of_and_is_told_on_other(valued):
    result, _ = valued("transfer")
    turned = replace(result.program, beats={"B from scratch: accuracy": "B on A: accuracy"})
    broken = replace(result, program=turned)
    assert broken.verdict == "fail"
    assert "B from scratch: accuracy does not beat B on A: accuracy" in str(broken)
    other = replace(broken, request=Request(data="fashion-like"))
    assert other.verdict == "pass"
    assert "does not beat" in str(other)


def test_transfer_needs_ten_classes(workers, tmp_path):
    path = tmp_path / "three.npz"
    x, y = np.zeros((40, 28, 28), np.uint8), np.arange(40) % 3
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    system = catalogue.find("transfer")
    with pytest.raises(UserError, match="has 3 classes; expected 10; the second network"):
        compare_values(system, system.program, Request(data=str(path)), workers)


def test_a_hundred_predictions_with_dropout_are_the_same_hundred(valued):
    result, values = valued("mc-dropout")
    assert result
    assert all(not value.difference.differing for value in result.values)
    deviation = values["probabilities, deviation"].legacy
    assert deviation.max() > 0.1
    np.testing.assert_allclose(values["probabilities, mean"].legacy.sum(1), 1, atol=1e-5)
