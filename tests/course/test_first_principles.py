"""Chapter A: what the notes derive, computed on both sides and held against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.course import catalogue
from tfmigrate.course.request import Request
from tfmigrate.course.values import compare_values
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("course-first-principles")


@pytest.fixture(scope="module")
def compare():
    """Compares a row; each row once, all with the same two processes."""
    done = {}
    with Worker("legacy") as legacy, Worker("modern") as modern:

        def compare(name):
            if name not in done:
                entry = catalogue.find(name)
                workers = {"legacy": legacy, "modern": modern}
                done[name] = compare_values(entry, entry.program, Request(), workers)
            return done[name]

        yield compare


@pytest.fixture
def both(compare):
    """(row, value) → the value on both sides."""

    def both(row, name):
        (value,) = [value for value in compare(row).values if value.name == name]
        return value.legacy, value.modern

    return both


@pytest.mark.parametrize("row", [s.name for s in catalogue.CHAPTERS["A"][1]])
def test_both_sides_agree(row, compare):
    assert compare(row), str(compare(row))


@pytest.mark.parametrize(
    ("row", "differing"),
    [
        ("perceptron", set()),
        ("linear-collapse", set()),
        ("dense-from-scratch", set()),
        ("dropout-by-hand", {"tf.nn.dropout", "by hand against tf.nn.dropout"}),
        (
            "initialization",
            {"Glorot: sqrt(2/(n_in+n_out))", "He: sqrt(2/n_in)", "LeCun: sqrt(1/n_in)"},
        ),
    ],
)
def test_whatever_is_not_bit_identical_is_known(row, differing, compare):
    values = [value for value in compare(row).values if value.difference]
    assert {value.name for value in values if value.difference.differing} == differing


def test_three_linear_layers_are_one(both):
    for side in (0, 1):
        deep = both("linear-collapse", "three linear layers")[side]
        apart = both("linear-collapse", "largest difference")[side]
        assert apart <= 1e-6 * np.abs(deep).max()


def test_with_relu_they_are_not(both):
    assert min(both("linear-collapse", "largest difference, ReLU")) > 1


def test_a_layer_by_hand_is_the_built_in_one(both):
    for by_hand, built_in in zip(
        both("dense-from-scratch", "by hand"), both("dense-from-scratch", "built in"), strict=True
    ):
        np.testing.assert_allclose(by_hand, built_in, atol=2e-7)
        assert ((by_hand > 0) & (by_hand < 1)).all()


def test_dropout_keeps_the_mean_and_is_off_in_use(both):
    for side in (0, 1):
        dropped, before, after, undivided, changed = (
            both("dropout-by-hand", name)[side]
            for name in (
                "share dropped",
                "mean before",
                "mean after",
                "mean after, not divided",
                "changed at test time",
            )
        )
        assert dropped == pytest.approx(0.2, abs=0.02)
        assert after == pytest.approx(before, abs=0.02)
        assert undivided == pytest.approx(0.8 * before, abs=0.02)
        assert changed == 0


def test_the_rules_by_hand_are_those_of_numpy(both):
    """The same rules in float64, 20 steps down the valley 0.5·(x² + 20·y²)."""
    curvature, lr = np.array([1.0, 20.0]), 0.02
    memory = {"a": 0.0, "ms": 1.0, "m": 0.0, "v": 0.0}

    def step(name, g, t):
        if name == "gradient descent":
            return lr * g
        if name == "momentum":
            memory["a"] = 0.9 * memory["a"] + g
            return lr * memory["a"]
        if name == "RMSProp":
            memory["ms"] = 0.9 * memory["ms"] + 0.1 * g**2
            return lr * g / np.sqrt(memory["ms"] + 1e-10)
        memory["m"] = 0.9 * memory["m"] + 0.1 * g
        memory["v"] = 0.999 * memory["v"] + 0.001 * g**2
        return lr * memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-8)

    for name in ("gradient descent", "momentum", "RMSProp", "Adam"):
        w, path = np.array([2.0, -1.0]), []
        for t in range(1, 21):
            w = w - step(name, curvature * w, t)
            path.append(w)
        for value in (name, f"{name}, built in"):
            for side in both("optimizers-by-hand", value):
                np.testing.assert_allclose(side, path, rtol=0, atol=5e-6)


def test_rmsprop_from_0_is_another_method(both):
    _, apart = both("optimizers-by-hand", "RMSProp from 0: difference")
    assert apart > 0.05


def test_the_averages_are_those_of_the_formula(both, compare):
    series = compare("optimizers-by-hand").program.inputs(np.random.default_rng(0))["series"]
    average = 0.0
    for day, x in enumerate(series.astype(float)):
        average = 0.9 * average + 0.1 * x
        for side in (0, 1):
            plain = both("optimizers-by-hand", "average")[side][day]
            corrected = both("optimizers-by-hand", "average, corrected")[side][day]
            assert plain == pytest.approx(average, rel=1e-5)
            assert corrected == pytest.approx(average / (1 - 0.9 ** (day + 1)), rel=1e-5)


def test_the_decay_rules_are_those_of_the_notes(both):
    epochs = np.arange(1, 11)
    rules = {
        "1/(1+epoch)": 0.02 / (1 + epochs),
        "0.95^epoch": 0.02 * 0.95**epochs,
        "1/sqrt(epoch)": 0.02 / np.sqrt(epochs),
    }
    for name, expected in rules.items():
        for side in both("optimizers-by-hand", name):
            np.testing.assert_allclose(side, expected, rtol=1e-6)


def test_small_weights_vanish_large_ones_explode_the_right_ones_keep(both):
    for side in (0, 1):
        deviation = {
            name: both("initialization", name)[side]
            for name in ("ReLU, sigma 0.01", "ReLU, sigma 1", "ReLU, sqrt(2/n)", "tanh, sqrt(1/n)")
        }
        assert deviation["ReLU, sigma 0.01"][-1] == 0
        assert not np.isfinite(deviation["ReLU, sigma 1"][-1])
        assert (deviation["ReLU, sqrt(2/n)"] > 0.3).all()
        assert (deviation["ReLU, sqrt(2/n)"] < 3).all()
        assert (deviation["tanh, sqrt(1/n)"] > 0.05).all()


def test_a_thousand_selu_layers_keep_mean_0_and_deviation_1(both):
    for mean in both("initialization", "SELU, 1,000 layers: mean"):
        assert len(mean) == 10
        np.testing.assert_allclose(mean, 0, atol=0.15)
    for deviation in both("initialization", "SELU, 1,000 layers: deviation"):
        np.testing.assert_allclose(deviation, 1, atol=0.15)


def test_the_initializers_have_the_deviation_of_their_formula(both):
    for name, formula in {
        "Glorot: sqrt(2/(n_in+n_out))": np.sqrt(2 / 800),
        "He: sqrt(2/n_in)": np.sqrt(2 / 300),
        "LeCun: sqrt(1/n_in)": np.sqrt(1 / 300),
    }.items():
        assert both("initialization", name) == pytest.approx([formula] * 2, rel=0.01)
