"""Chapter B beside the mlp: softmax, dropout, penalties, and layers of 128, each compared once."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.course import catalogue, prepare
from tfmigrate.course.datasets import load
from tfmigrate.course.lockstep import compare_training
from tfmigrate.course.measuring import weights_apart
from tfmigrate.course.programs import Training
from tfmigrate.course.request import Request
from tfmigrate.course.setting import Setting
from tfmigrate.course.training import train
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
    """name, cases, epochs → the comparison of the part that trains."""

    def compare(name, *case, epochs=1, data=None):
        system = catalogue.find(name)
        request = Request(case=case, epochs=epochs, data=data)
        return compare_training(system, system.training, request, workers, None)

    return compare


def test_softmax_regression_is_bit_identical_in_four_forms_and_is_what_numpy_trains(trained):
    result = trained("softmax")
    assert result
    (outcome,) = result.devices
    assert [side.form for side in outcome.sides] == ["session", "tape", "keras", "fused"]
    assert outcome.identical
    data = prepare.scaled(load("digits"))
    x, y = data.x_train.astype("f8"), data.y_train
    w, b = np.zeros((784, 10)), np.zeros(10)
    for start in range(0, len(x), 100):
        rows = slice(start, start + 100)
        logits = x[rows] @ w + b
        e = np.exp(logits - logits.max(1, keepdims=True))
        error = (e / e.sum(1, keepdims=True) - y[rows]) / len(logits)
        w, b = w - 0.5 * x[rows].T @ error, b - 0.5 * error.sum(0)
    np.testing.assert_allclose(outcome.sides[2].arrays["weight:w"], w, atol=1e-4)


@pytest.mark.parametrize("seeds", [(0, 0), (0, 1)])
def test_the_seed_decides_the_initial_weights_of_a_keras_model(seeds, workers):
    program = catalogue.find("mlp").training
    data = program.prepare(load("digits"))
    losses = []
    for seed in seeds:
        setting = Setting.of(program, None, 1, 1437, 0.001, seed)
        side = train(
            workers["modern"], catalogue.find("mlp"), program, "keras", data, setting,
            device="cpu", losses_alone=True,
        )  # fmt: skip
        losses.append(side.epochs[0].loss)
    assert (losses[0] == losses[1]) == (seeds[0] == seeds[1])


def test_all_loops_but_that_of_xla_are_bit_identical(trained):
    result = trained("fast-loop", epochs=2)
    assert result
    (outcome,) = result.devices
    session, *others = outcome.sides
    assert [side.form for side in others] == ["keras", "tuned", "fused", "xla"]
    for side in others[:-1]:
        assert not weights_apart([session, side]).differing
        assert [epoch.loss for epoch in side.epochs] == [epoch.loss for epoch in session.epochs]
    # fit that makes 100 steps in a call tells their mean alone.
    steps = len(session.arrays["losses"])
    assert [len(side.arrays["losses"]) for side in others] == [steps, 0, steps, steps]
    lines = [line.what for line in outcome.parity if line.tolerance is not None]
    assert "loss, all epochs, in float64" in lines


def test_dropout_draws_the_same_masks(trained):
    result = trained("mlp-dropout")
    assert result
    (outcome,) = result.devices
    # Other masks would show in the first digits of the first steps.
    assert outcome.exact


def test_adam_of_keras_departs_a_little_and_tf1s_in_its_place_not_at_all(trained):
    """With dropout, twelve epochs make a hundredth of what the two Adams differ by."""
    result = trained("mlp-dropout", epochs=9)
    assert result
    (outcome,) = result.devices
    lines = {line.what: line.difference for line in outcome.parity}
    assert lines["loss, first steps, Keras's own Adam"].shape == (100,)
    assert lines["loss, first steps, Keras's own Adam"].max_rel > 1e-4
    assert 0 < lines["loss, ten steps, Keras's own Adam"].max_rel < 1e-5
    for what in ("loss, first steps", "loss, all epochs", "weights, after training"):
        assert lines[f"{what}, with TF1's Adam"].max_ulp == 0
    assert not outcome.identical
    assert "108 steps, with TF1's Adam · TF1 and TF2 differ, as expected: Adam 0.0" in str(result)


def test_a_difference_in_one_bit_with_tf1s_adam_fails(trained):
    from dataclasses import replace

    from tfmigrate.course.measuring import parity_with_kernel

    result = trained("mlp-dropout")
    (outcome,) = result.devices
    session = outcome.sides[0]
    losses = session.arrays["losses"].copy()
    losses[-1] = np.nextafter(losses[-1], np.float32(np.inf))
    other = replace(session, arrays=session.arrays | {"losses": losses})
    lines = parity_with_kernel([session, other], result.program)
    assert not replace(result, devices=[replace(outcome, parity=lines)])


def test_one_two_and_three_layers_of_128(trained):
    result = trained("mlp-128")
    assert result
    counts = [
        sum(a.size for n, a in outcome.sides[0].arrays.items() if n.startswith("weight:"))
        for outcome in result.devices
    ]
    assert counts == [101_770, 118_282, 134_794]


def test_pictures_are_needed_where_they_are_flattened(trained, tmp_path):
    path = tmp_path / "rows.npz"
    x, y = np.zeros((40, 784), np.uint8), np.arange(40) % 10
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    with pytest.raises(UserError, match=r"has examples of shape \(784,\); expected pictures"):
        trained("mlp-128", data=str(path))


def test_penalties_change_the_loss_alike_and_the_weights_bit_for_bit(trained):
    result = trained("mlp-regularized")
    assert result
    l2 = result.devices[0]
    lines = {line.what: line.difference for line in l2.parity}
    assert not lines["weights, after training"].differing
    first = trained("mlp-regularized", "L2").devices[0].sides[0].arrays["losses"][0]
    assert first > 2**-11 * 203_264 * 0.05**2  # half of beta times the sum of squares, about


def test_early_termination_stops_at_the_same_epoch_and_an_ensemble_agrees(workers):
    system = catalogue.find("mlp-regularized")
    assert not isinstance(system.also, Training)
    result = compare_values(system, system.also, Request(), workers)
    assert result
    values = {value.name: value for value in result.values}
    stopped = int(values["epochs until it stopped"].legacy)
    losses = values["validation loss, by epoch"].legacy
    assert stopped == len(losses) < 20
    assert losses[-4] - losses[-1] < 0.01 < losses[0] - losses[-4]
    assert values["accuracy of the ensemble"].legacy >= values["accuracy of each"].legacy.min()


def test_sequential_and_functional_are_one_network_and_keep_in_step_with_the_session(trained):
    result = trained("mlp-deep")
    assert result
    assert result.num_parameters == 269_322
    (outcome,) = result.devices
    session, *others = outcome.sides
    assert [side.form for side in others] == ["keras", "functional", "fused"]
    for name, array in others[0].arrays.items():
        np.testing.assert_array_equal(others[1].arrays[name], array)
    np.testing.assert_array_equal(
        session.arrays["logits_before"], others[0].arrays["logits_before"]
    )
