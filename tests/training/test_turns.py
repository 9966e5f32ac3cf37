"""Losses that a program minimizes in turn, with an optimizer each or one, go on so in Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.plan import Plan
from tfmigrate.training.counting import counted_on
from tfmigrate.worker import Worker

from .converting import OF_LOSS, OF_WEIGHT, Case, build, plan_of, training_of

CASES = {  # function of the second loss, and what is to be seen in model.py
    "actor_critic": ("actor_trainer", "loss=[None, keras.losses.MeanSquaredError()]"),
    "gan_conditional": ("generator_trainer", "+ self.penalties()"),
    "gan_penalty": ("generator_trainer", "ReversibleConv2D("),
    "gan_one_optimizer": ("generator_trainer", "optimizers=[keras.optimizers.Adam("),
    "gan_pair": ("generator_trainer", "GeneratorTrainer(model.inputs[1], model.outputs[2])"),
    "wgan_turns": ("gen_trainer", "after = ["),
}
Steps = list[tuple[str | None, tuple[Any, ...]]]


def _steps(case: Case, plan: Plan) -> Steps:
    """What each step is given, in the order of the program."""
    training, golden = training_of(plan), case.arrays
    (turn,), ((_, _, every),) = training.turns, case.meta["turns"]
    found: Steps = []

    def given(number: int, inputs: Any, losses: Any) -> tuple[Any, ...]:
        x = [golden[f"feed_{number}_{each.tensor}"] for each in inputs]
        y = [golden[f"feed_{number}_{name}"] for loss in losses for name in loss.labels]
        weights = [golden[f"feed_{number}_{loss.weights}"] for loss in losses if loss.weights]
        first = x if len(x) > 1 else x[0]
        return (first, y if len(y) > 1 else next(iter(y), None), *weights)

    for number in range(case.meta["steps_after"]):
        found.append((None, given(number, plan.inputs, training.losses)))
        if (number + 1) % every == 0:
            inputs = [plan.inputs[i] for i in turn.inputs]
            found.append((turn.function, given(number, inputs, turn.training.losses)))
    return found


@pytest.mark.parametrize("name", CASES)
def test_both_losses_go_on_in_turn(
    name: str,
    case_of: Callable[[str], Any],
    keras_worker: Worker,
    ask: Callable[..., Any],
    tmp_path: Path,
) -> None:
    case = Case(case_of(f"train/{name}").folder)
    source, plan = plan_of(case, case.meta["outputs"])
    # The generator of wgan_turns normalizes by its batch, as GANs do on purpose.
    assert all("statistics of each batch, at inference too" in text for text in plan.warnings)
    paths = build(source, plan, keras_worker, tmp_path)
    steps = _steps(case, plan)
    answer = ask("go_on_in_turn", str(tmp_path), steps)

    expected = case.arrays["train_losses"]
    assert np.abs(answer["losses"] - expected).max() <= OF_LOSS * np.abs(expected).max()
    for weight in plan.weights:
        held = answer["weights"][paths[weight.target].partition("/")[2]]
        after = weight.recipe.make(lambda name: case.arrays[f"after_{name}"])
        assert np.abs(held - after).max() <= OF_WEIGHT, weight.target
    assert answer["kept"]
    function, seen = CASES[name]
    run = [sum(f == turn for f, _ in steps) for turn in (None, function)]
    before = training_of(plan).iterations
    run = run if len(before) > 1 else [sum(run)]
    assert answer["steps"] == [a + b for a, b in zip(before, run, strict=True)]
    assert seen in (tmp_path / "model.py").read_text()


def test_without_hints_the_outputs_of_both_networks_are_named(
    case_of: Callable[[str], Any],
) -> None:
    case = Case(case_of("train/gan_penalty").folder)
    _, plan = plan_of(case)
    (told,) = (w for w in plan.warnings if "makes a model of both" in w)
    named = told.partition("--outputs ")[2].partition(" ")[0].split(",")
    assert sorted(named) == sorted(case.meta["outputs"])


def test_a_step_that_both_increase_and_the_powers_of_each_go_back(
    case_of: Callable[[str], Any],
) -> None:
    case = Case(case_of("train/gan_pair").folder)
    source, plan = plan_of(case, case.meta["outputs"])
    training, graph = training_of(plan), source.graph
    assert graph is not None
    assert training.iterations == [10, 10]
    steps = case.meta["steps_after"]
    found, _ = counted_on(graph, training, source.recipes(), source.read, [10 + steps] * 2)
    assert len(found) == 5
    for name, value in found.items():
        np.testing.assert_allclose(value, case.arrays[f"after_{name}"], rtol=1e-6)
