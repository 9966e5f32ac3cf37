"""What a program does between its gradients and its weights goes on in Keras, exactly."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.graph import find_training
from tfmigrate.graph.training.custom import CustomUpdate
from tfmigrate.plan.training import SUMS
from tfmigrate.training.recognized import STEPS
from tfmigrate.worker import Worker

from .converting import Case, assert_goes_on, build, plan_of, training_of
from .test_turns import CASES as IN_TURN

CARRIED = {  # and what is to be seen in model.py
    "accumulation_branch": "gradient_accumulation_steps=5",
    "accumulation_by_hand": "gradient_accumulation_steps=4",
    "accumulation_cond": "gradient_accumulation_steps=4",
    "accumulation_reset": "learning_rate=ByRound(",
    "adam_by_hand": "powers = [[0.9, ",
    "adamw_contrib": "before = [[change_weight, [",
    "averages_trainable": "keras.optimizers.Adam(",
    "bert_adam_decay": 'slots = ["adam_m", "adam_v"]',
    "centralised": "return gradient - keras.ops.mean(gradient, axis=0, keepdims=True)",
    "clip_average_norm": "gradients = [",
    "crf_fixed": "CRFLogLikelihood()(y_true, y_pred, net_transitions, lengths=x)",
    "crf_tagger": 'self.get_layer("transitions").value',
    "ctc_lstm": "return graph_loss(y, x[1], y_pred)",
    "ctc_open": "Size(axis=1)(x_1)",
    "decay_in_gradient": "def change_gradient(gradient, weight):",
    "fm_log_loss": "def graph_loss(",
    "graph_network": "DynamicSegmentSum(sizes=(None,))",
    "half_precision": 'keras.ops.cast(x, "float16")',
    "hard_examples": "keras.ops.less_equal(x, cast_1), mean, 0.0",
    "keras_adam": 'slots = ["slot_1", "slot_2"]',
    "keras_batch_norm": "corrections=(1.0, 1.001)",
    "keras_binary": "loss=keras.losses.BinaryCrossentropy(",
    "keras_clipnorm": "global_clipnorm=0.1",
    "keras_jaccard": "keras.ops.log(x / (1.0 - x))",
    "lamb": "keras.ops.where(",
    "lars": "keras.ops.sqrt(",
    "lazy_adam": "optimizer=LazyAdam(",
    "loss_scale": "keras.optimizers.SGD(",
    "loss_not_reduced": 'reduction="sum"',
    "masked_gradient": 'gradients = [[change_gradient, ["h/kernel"], "mask"]]',
    "max_norm_after": "after = [",
    "multiplier_slim": "return gradient * ",
    "own_gradients": 'StraightThrough(function="copy", factor=-0.5',
    "sign_of_gradient": "return keras.ops.sign(gradient)",
    "slots_missing": "keras.optimizers.Adam(",
    "softmax_twice": "OfActivated(",
    "straight_through": 'StraightThrough(function="sign"',
    "sync_replicas": "keras.optimizers.SGD(",
    "towers_own_inputs": "loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "towers_parts": "return gradient * 3.0",
    "towers_split": "global_clipnorm=5.0",
    "two_rates": "Together(",
    "uncertainty_weights": 'self.get_layer("value").kernel,',
    "variable_clipping": "after = [",
    "momentum_by_hand": "weight - rate * next_slot_1",
}


@pytest.mark.parametrize("name", CARRIED)
def test_a_step_goes_on_with_what_is_around_the_updates(
    name: str,
    case_of: Callable[[str], Any],
    keras_worker: Worker,
    ask: Callable[..., Any],
    tmp_path: Path,
) -> None:
    text = assert_goes_on(Case(case_of(f"train/{name}").folder), keras_worker, ask, tmp_path)
    assert CARRIED[name] in text
    if name == "momentum_by_hand":  # one learning rate for all weights
        assert "def update_1" not in text


def test_a_network_of_keras_2_becomes_the_layers_it_was_written_with(
    case_of: Callable[[str], Any],
) -> None:
    _, plan = plan_of(Case(case_of("train/keras_adam").folder))
    kinds = [layer.kind for layer in plan.layers]
    assert kinds == ["Embedding", "Dense", "Add", "Bidirectional", "Dense"]
    assert not plan.warnings


def test_one_function_serves_all_weights_that_are_updated_alike(
    case_of: Callable[[str], Any],
) -> None:
    """BERT excludes biases and layer normalization from its decay: two kinds of updates."""
    _, plan = plan_of(Case(case_of("train/bert_adam_decay").folder))
    rules = training_of(plan).rules
    bodies = {tuple(call.function for call in rule.body.calls) for rule in rules}
    assert len(rules) == 7
    assert len(bodies) == 2


def test_the_gradients_of_a_mean_do_not_hide_a_layer_normalization(
    case_of: Callable[[str], Any],
) -> None:
    """They take what tf.nn.moments stops; before, each such layer was written out in full."""
    _, plan = plan_of(Case(case_of("train/bert_adam_decay").folder))
    assert [layer.kind for layer in plan.layers] == [
        "Embedding", "LayerNormalization", "Dense", "Dense",
    ]  # fmt: skip


def test_noise_on_gradients_is_drawn_anew_with_the_same_deviation(
    case_of: Callable[[str], Any], keras_worker: Worker, ask: Callable[..., Any], tmp_path: Path
) -> None:
    source, plan = plan_of(Case(case_of("train/gradient_noise").folder))
    build(source, plan, keras_worker, tmp_path)
    assert any("draws such noise again" in note for note in plan.notes)
    first, second = ask("steps_without_gradient", str(tmp_path), 2)
    for step in (first, second):
        assert abs(step.std() / 0.3 - 1) < 0.02
        assert abs(step.mean()) < 0.01
    assert np.abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_slots_are_named_by_what_follows_the_variable(case_of: Callable[[str], Any]) -> None:
    source, _ = plan_of(Case(case_of("train/bert_adam_decay").folder))
    assert source.graph is not None
    (trainer,) = find_training(source.graph).trainers
    for update in trainer.optimizer.updates:
        assert isinstance(update, CustomUpdate)
        assert set(update.slots) == {"adam_m", "adam_v"}
        assert set(update.assigned) == {"weight", "adam_m", "adam_v"}
    assert trainer.optimizer.step == "global_step"
    assert trainer.clipping is not None
    assert np.isclose(trainer.clipping.by, 1.0)


@pytest.mark.parametrize(("name", "steps"), [("branch", 13), ("cond", 18), ("reset", 11)])
def test_a_round_goes_on_in_its_middle(
    name: str, steps: int, case_of: Callable[[str], Any]
) -> None:
    """The sums and the count of a round come over, and its variables are no weights."""
    source, plan = plan_of(Case(case_of(f"train/accumulation_{name}").folder))
    assert training_of(plan).iterations == [steps]
    assert sum(slot.attribute == SUMS for slot in training_of(plan).slots) == 4
    assert not any(plan.warnings)
    sums = [name for name in source.roles if re.search("accum|_sum|sums/(h|logits)", name)]
    assert {source.roles[name] for name in sums} == {"slot"}


def test_a_program_that_decides_when_it_applies_its_sums_is_told_so(
    case_of: Callable[[str], Any],
) -> None:
    _, plan = plan_of(Case(case_of("train/accumulation_apart").folder))
    assert training_of(plan).optimizer.arguments["gradient_accumulation_steps"] == 2
    assert any("the program divides them by 2" in warning for warning in plan.warnings)
    assert not any(slot.attribute == SUMS for slot in training_of(plan).slots)


def test_a_model_of_towers_is_one_tower_for_any_batch(case_of: Callable[[str], Any]) -> None:
    _, plan = plan_of(Case(case_of("train/towers_split").folder))
    assert [layer.kind for layer in plan.layers] == ["Dense", "Dense"]
    assert any("divides each batch among 2 towers" in note for note in plan.notes)


def test_each_row_of_the_table_has_a_program_that_is_tried() -> None:
    """Those that are not above are in other tests here, in test_turns.py and tests/conversion."""
    elsewhere = {"accumulation_apart", "gradient_noise", "keras_constraint"}
    for row in STEPS:
        assert set(row.cases) <= CARRIED.keys() | IN_TURN.keys() | elsewhere, row.what
        assert row.cases, row.what
