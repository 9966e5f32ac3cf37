"""Each optimizer of ours, and Keras's with our arguments, against TensorFlow's own kernels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from .conftest import Ask

SHAPE = (5, 3)
# Both compute in float64, and all constants have few bits: float32 would round them, and where
# terms cancel nothing would be left to compare. What remains is the order of products.
RTOL, ATOL = 1e-11, 1e-13


@dataclass(frozen=True)
class Twin:
    """An optimizer as source, and the kernel that tf.train's class calls.

    Attributes:
        slots: of the kernel → initial value; in the order of the optimizer's variables.
    """

    text: str
    kernel: str
    slots: dict[str, float] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)


_PENALTIES = "l1_regularization_strength=0.015625, l2_regularization_strength=0.125"
_START = "initial_accumulator_value=0.125"
_L = {"l1": 0.015625, "l2": 0.125}
_RMS = {"rho": 0.875, "momentum": 0.5, "epsilon": 2**-30}
_FTRL = {"accum": 0.125, "linear": 0.0}
_DELTA = {"accum": 0.0, "accum_update": 0.0}

DENSE = {
    "momentum": Twin("Momentum(0.1, 0.875)", "Momentum", {"accum": 0.0}, {"momentum": 0.875}),
    "nesterov": Twin(
        "Momentum(0.1, 0.875, nesterov=True)",
        "Momentum",
        {"accum": 0.0},
        {"momentum": 0.875, "use_nesterov": True},
    ),
    "rmsprop": Twin(
        "RMSProp(0.1, 2**-30, rho=0.875, momentum=0.5)", "RMSProp", {"ms": 1.0, "mom": 0.0}, _RMS
    ),
    "rmsprop centered": Twin(
        "RMSProp(0.1, 2**-10, rho=0.875, momentum=0.5, centered=True)",
        "CenteredRMSProp",
        {"ms": 1.0, "mom": 0.0, "mg": 0.0},
        {**_RMS, "epsilon": 2**-10},
    ),
    "adagrad da": Twin(
        f"AdagradDA(0.1, {_START}, {_PENALTIES})",
        "AdagradDA",
        {"gradient_accumulator": 0.0, "gradient_squared_accumulator": 0.125},
        _L,
    ),
    "proximal adagrad": Twin(
        f"ProximalAdagrad(0.1, {_START}, {_PENALTIES})", "ProximalAdagrad", {"accum": 0.125}, _L
    ),
    "proximal descent": Twin(
        f"ProximalGradientDescent(0.1, {_PENALTIES})", "ProximalGradientDescent", {}, _L
    ),
    "adagrad": Twin(
        f"keras.optimizers.Adagrad(0.1, {_START}, epsilon=0.0)", "Adagrad", {"accum": 0.125}
    ),
    "adadelta": Twin(
        "keras.optimizers.Adadelta(0.1, rho=0.9375, epsilon=2**-26)",
        "Adadelta",
        _DELTA,
        {"rho": 0.9375, "epsilon": 2**-26},
    ),
    "adam": Twin(
        "keras.optimizers.Adam(0.1, 0.875, 0.9375, 2**-26)",
        "Adam",
        {"m": 0.0, "v": 0.0},
        {"beta1": 0.875, "beta2": 0.9375, "epsilon": 2**-26},
    ),
    "nesterov adam": Twin(
        "NesterovAdam(0.1, 0.875, 0.9375, 2**-26)",
        "Adam",
        {"m": 0.0, "v": 0.0},
        {"beta1": 0.875, "beta2": 0.9375, "epsilon": 2**-26, "use_nesterov": True},
    ),
    "add sign": Twin(
        "AddSign(0.1, 0.5, 0.875, 0.25)",
        "AddSign",
        {"m": 0.0},
        {"alpha": 0.5, "beta": 0.875, "sign_decay": 0.25},
    ),
    "power sign": Twin(
        "PowerSign(0.1, 0.5, 0.875, 0.25)",
        "PowerSign",
        {"m": 0.0},
        {"logbase": 0.5, "beta": 0.875, "sign_decay": 0.25},
    ),
    "ftrl": Twin(
        f"keras.optimizers.Ftrl(0.1, -0.5, 0.125, {_PENALTIES})",
        "Ftrl",
        _FTRL,
        {**_L, "lr_power": -0.5},
    ),
}
SPARSE = {
    "momentum": Twin("SparseMomentum(0.1, 0.875)", "Momentum", {"accum": 0.0}, {"momentum": 0.875}),
    "rmsprop": Twin(
        "SparseRMSProp(0.1, 2**-30, rho=0.875, momentum=0.5)",
        "RMSProp",
        {"ms": 1.0, "mom": 0.0},
        _RMS,
    ),
    "adagrad": Twin(f"SparseAdagrad(0.1, {_START}, epsilon=0.0)", "Adagrad", {"accum": 0.125}),
    "adadelta": Twin(
        "SparseAdadelta(0.1, rho=0.9375, epsilon=2**-26)",
        "Adadelta",
        _DELTA,
        {"rho": 0.9375, "epsilon": 2**-26},
    ),
    "ftrl": Twin(
        f"SparseFtrl(0.1, -0.5, 0.125, {_PENALTIES})", "Ftrl", _FTRL, {**_L, "lr_power": -0.5}
    ),
}

# Of a size that a network's gradients have: Adadelta's square roots of subnormal numbers differ.
_number = st.floats(0.0009765625, 2.0, width=32)
_signed = st.one_of(st.just(0.0), _number, _number.map(lambda size: -size))
_steps = st.integers(1, 4)


def _agree(twin: Twin, ask: Ask, start: np.ndarray, gradients: list, rates: list[float]) -> None:
    made = ask("steps_of_class", twin.text, start, gradients, rates)
    kernel = ask(
        "steps_of_kernel", twin.kernel, start, twin.slots, twin.constants, gradients, rates
    )
    for ours, theirs in zip((made[0], *made[1]), (kernel[0], *kernel[1]), strict=True):
        np.testing.assert_allclose(ours, theirs, RTOL, ATOL)


_few = settings(max_examples=8)


@pytest.mark.parametrize("name", DENSE)
@_few
@given(data=st.data())
def test_updates_under_a_changing_rate_are_the_kernels(
    name: str, ask: Ask, data: st.DataObject
) -> None:
    count = data.draw(_steps)
    start = data.draw(arrays("float64", SHAPE, elements=_signed))
    gradients = [data.draw(arrays("float64", SHAPE, elements=_signed)) for _ in range(count)]
    rates = data.draw(
        st.lists(st.sampled_from([0.5, 0.125, 0.0078125]), min_size=count, max_size=count)
    )
    _agree(DENSE[name], ask, start, gradients, rates)


@pytest.mark.parametrize("name", SPARSE)
@_few
@given(data=st.data())
def test_rows_named_twice_are_summed_and_others_are_left_alone(
    name: str, ask: Ask, data: st.DataObject
) -> None:
    start = data.draw(arrays("float64", SHAPE, elements=_signed))
    gradients = []
    for _ in range(data.draw(_steps)):
        rows = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
        values = data.draw(arrays("float64", (len(rows), SHAPE[1]), elements=_signed))
        gradients.append((values, np.array(rows)))
    _agree(SPARSE[name], ask, start, gradients, [0.125] * len(gradients))


def test_sparse_adam_moves_every_row_as_tensorflow_1_does(ask: Ask) -> None:
    start = np.zeros(SHAPE, "float32")
    values, rows = np.ones((2, 3), "float32"), np.array([1, 1])
    whole = np.zeros(SHAPE, "float32")
    whole[1] = 2.0
    text = "SparseAdam(0.1)"
    sparse, _ = ask("steps_of_class", text, start, [(values, rows)] * 2, [0.1, 0.1])
    dense, _ = ask("steps_of_class", text, start, [whole] * 2, [0.1, 0.1])
    np.testing.assert_array_equal(sparse, dense)


def test_linear_cosine_decay_is_the_formula_of_tensorflow_1(ask: Ask) -> None:
    steps = [0, 1, 7, 20, 39, 40, 55]
    text = "LinearCosineDecay(0.5, 40, num_periods=1.5, alpha=0.1, beta=0.01)"
    done = np.minimum(steps, 40) / 40
    # tensorflow/python/training/learning_rate_decay.py: (alpha + linear) * cosine + beta
    expected = 0.5 * ((0.1 + 1 - done) * 0.5 * (1 + np.cos(2 * np.pi * 1.5 * done)) + 0.01)
    np.testing.assert_allclose(ask("rates", text, steps), expected, rtol=1e-6)


def test_rmsprop_starts_at_one_where_fit_makes_its_slots(ask: Ask) -> None:
    # One step by hand: gradient 6, mean square 0.9 * 1 + 0.1 * 36, from a weight of 1.
    found = ask("first_step_of_fit", "RMSProp(0.1)")
    np.testing.assert_allclose(found, 1 - 0.1 * 6 / np.sqrt(4.5), rtol=1e-6)
