"""What is decided about training before a model is built: steps, schedules, fates, source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.emit import source as emit_source
from tfmigrate.emit.render import Apply, Name, render
from tfmigrate.graph.training.optimizers import Optimizer
from tfmigrate.graph.training.schedule_rates import FORMULAS
from tfmigrate.graph.training.schedules import Schedule
from tfmigrate.plan import variable
from tfmigrate.training.schedule import keras_schedule
from tfmigrate.training.step import count_steps

from .conftest import Ask
from .converting import Case, plan_of, training_of

BETA2 = np.multiply.accumulate(np.full(60_001, 0.999, "float32"))  # as a float32 variable is
RECIPES = {name: variable(name, (), "float32") for name in ("step", "beta2_power")}


def _adam(step: str | None) -> Optimizer:
    constants = {"beta1": 0.9, "beta2": 0.999}
    shared = {"beta2_power": "beta2_power"}
    return Optimizer("Adam", "Adam", constants, None, {}, shared, (), step)


@given(st.integers(0, 60_000))
@settings(max_examples=200)
def test_a_power_of_beta_tells_the_step(done: int) -> None:
    held = {"beta2_power": BETA2[done]}
    assert count_steps(_adam(None), RECIPES, lambda name: held[name]) == (done, "")


def test_a_step_that_a_power_of_beta_contradicts_is_taken_and_both_are_told() -> None:
    held = {"beta2_power": BETA2[500], "step": np.array(20)}
    step, told = count_steps(_adam("step"), RECIPES, lambda name: np.asarray(held[name]))
    assert step == 20
    assert told == "step is 20, but beta2_power shows that 500 updates were done; 20 is used"


@pytest.mark.parametrize("power", [0.0, 1e-38])
def test_where_a_power_has_vanished_adam_corrects_nothing_more(power: float) -> None:
    """After millions of updates; at step 0 Keras's Adam would correct by 30 and more."""
    held = {"beta2_power": np.float32(power)}
    step, told = count_steps(_adam(None), RECIPES, lambda name: held[name])
    assert step is not None
    assert np.float32(1) - np.float32(0.999) ** np.float32(step) == 1
    assert f"iterations are set to {step}" in told


_DECAY = {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.6}
SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("exponential_decay", {**_DECAY, "staircase": False}),
    ("exponential_decay", {**_DECAY, "staircase": True}),
    ("natural_exp_decay", {**_DECAY, "staircase": False}),
    ("inverse_time_decay", {**_DECAY, "staircase": True}),
    ("polynomial_decay", {"learning_rate": 0.2, "decay_steps": 9, "end_learning_rate": 0.01,
                          "power": 2.0, "cycle": True}),
    ("piecewise_constant", {"boundaries": [4, 9], "values": [0.3, 0.2, 0.1]}),
    ("cosine_decay", {"learning_rate": 0.2, "decay_steps": 11, "alpha": 0.1}),
    ("cosine_decay_restarts", {"learning_rate": 0.2, "first_decay_steps": 5, "t_mul": 2.0,
                               "m_mul": 0.5, "alpha": 0.05}),
    ("linear_cosine_decay", {"learning_rate": 0.2, "decay_steps": 11, "num_periods": 1.5,
                             "alpha": 0.1, "beta": 0.01}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arguments"), SCHEDULES)
def test_a_schedule_gives_the_rates_of_tensorflow_1(
    kind: str, arguments: dict[str, Any], ask: Ask
) -> None:
    made = keras_schedule(Schedule(kind, "rate:0", arguments))
    assert made is not None
    text = render(Apply(Name(made.kind), [], dict(made.arguments)))
    steps = list(range(30))
    rate = FORMULAS[kind](**arguments)
    np.testing.assert_allclose(ask("rates", text, steps), [rate(s) for s in steps], rtol=2e-6)


def test_compile_model_is_what_a_person_would_write(unpacked: Callable[[str], Path]) -> None:
    _, plan = plan_of(Case(unpacked("train_momentum_exponential_decay")))
    text = emit_source(plan)
    assert text[text.index("def compile_model") :] == (
        "def compile_model(model):\n"
        '    """Compiles the model to train like TensorFlow 1, from the first step."""\n'
        "    model.compile(\n"
        "        optimizer=Momentum(\n"
        "            learning_rate=keras.optimizers.schedules.ExponentialDecay(\n"
        "                initial_learning_rate=0.1,\n"
        "                decay_steps=5,\n"
        "                decay_rate=0.8,\n"
        "            ),\n"
        "            momentum=0.9,\n"
        "        ),\n"
        "        loss=keras.losses.CategoricalCrossentropy(from_logits=True),\n"
        "    )\n"
        "    return model\n"
    )


def test_a_loss_without_a_class_is_written_out(unpacked: Callable[[str], Path]) -> None:
    _, plan = plan_of(Case(unpacked("train_weighted_sigmoid")))
    text = emit_source(plan)
    body = text[text.index("def graph_loss(y_true, y_pred):") : text.index("def build_model")]
    assert "keras.ops.log1p(" in body
    assert "keras.ops.mean(" in body
    assert training_of(plan).summary["labels"] == ["y:0"]


@pytest.mark.parametrize(
    "name", ["train_embedding_momentum", "train_l1_and_l2", "train_two_optimizers"]
)
def test_every_variable_has_a_fate_with_its_why(name: str, unpacked: Callable[[str], Path]) -> None:
    case = Case(unpacked(name))
    source, plan = plan_of(case, case.meta["outputs"])
    assert [fate.name for fate in plan.fates] == [v.name for v in source.variables()]
    for fate in plan.fates:
        assert bool(fate.targets) == (fate.fate == "converted")
        assert bool(fate.reason) == (fate.fate == "skipped")
        assert fate.fate == "converted" or not fate.name.endswith(("Momentum", "Adagrad", "Ftrl"))


def test_powers_of_beta_go_into_the_step(unpacked: Callable[[str], Path]) -> None:
    _, plan = plan_of(Case(unpacked("train_l1_and_l2")))
    fates = {fate.name: fate for fate in plan.fates}
    assert fates["beta2_power"].targets == ("optimizer/iteration",)
    assert fates["beta1_power"].reason == "Keras computes it from the optimizer's iterations"
    assert training_of(plan).iterations == [20]


def test_an_optimizer_of_other_variables_is_told_and_left(unpacked: Callable[[str], Path]) -> None:
    _, plan = plan_of(Case(unpacked("train_two_optimizers")), ["deep/out/BiasAdd:0"])
    assert training_of(plan).optimizer.kind == "keras.optimizers.Adagrad"
    told = "Training: the optimizer Ftrl (Ftrl) trains other variables; it is not carried over."
    assert told in plan.notes
    assert training_of(plan).losses == []
    assert any(
        "compile_model does not set a loss: the loss depends on logits:0" in w
        for w in plan.warnings
    )


def test_the_other_loss_of_a_pair_of_networks_is_named(case_of: Callable[[str], Any]) -> None:
    """An actor whose critic has a loss and an optimizer of its own."""
    _, plan = plan_of(Case(case_of("train/ddpg").folder))
    (told,) = (w for w in plan.warnings if "the program minimizes" in w)
    assert "mean_squared_error/value:0 besides Neg:0" in told
    assert "--outputs Actor/eval/scaled_a:0,Critic/eval/q/BiasAdd:0" in told
    assert "makes a model of both" in told
