"""Losses of more than one label: masks, weights, heads, formulas. TensorFlow 1.15 is the oracle.

The cases in ``data/objectives.tar.xz`` were written by ``tests/tf115`` (family ``objectives``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tfmigrate.emit import source as emit_source
from tfmigrate.worker import Worker

from .conftest import Ask
from .converting import Case, assert_goes_on, plan_of, training_of, unpacked_to

MEAN_OF_WEIGHTS = 'reduction="mean_with_sample_weight"'
LOSSES = {  # and what is to be seen in model.py
    "train_class_weights_by_label": "def graph_loss(y_true, y_pred):",
    "train_clipped_surrogate": "return graph_loss(*y, y_pred) + sum(self.losses)",
    "train_contrastive": "keras.ops.maximum",
    "train_cosine_distance": "def graph_loss(y_true, y_pred):",
    "train_dice_loss": "def graph_loss(y_true, y_pred):",
    "train_focal_loss": "def graph_loss(y_true, y_pred):",
    "train_gathered_log_probability": 'y_true = keras.ops.cast(y_true, "int32")',
    "train_hinge": "keras.losses.Hinge()",
    "train_kl_divergence": "def graph_loss(y_true, y_pred):",
    "train_label_smoothing_of_classes": "keras.ops.one_hot(y_true, 4",
    "train_losses_weights": "class GraphLoss(keras.losses.Loss):",
    "train_mean_and_deviation": "return graph_loss(y, *y_pred) + sum(self.losses)",
    "train_mean_of_sums": "loss_weights=1.5",
    "train_one_hot_of_classes": "keras.losses.SparseCategoricalCrossentropy()",
    "train_pairwise_squared": "def graph_loss(y_true, y_pred):",
    "train_policy_gradient": "SparseCategoricalCrossentropy(from_logits=True),",
    "train_q_learning": "sample_weight is action_input:0.",
    "train_q_target_network": "sample_weight is action:0.",
    "train_reduction_sum": 'reduction="sum"',
    "train_sequence_loss_lengths": "sample_weight is lengths:0.",
    "train_sequence_loss_mask": MEAN_OF_WEIGHTS,
    "train_sequence_padding_zero": "keras.ops.not_equal(y_true, 0)",
    "train_sequence_weighted_mean": "sample_weight is mask:0.",
    "train_stopped_weight": "keras.ops.stop_gradient(",
    "train_sum_over_batch_size": "SparseCategoricalCrossentropy(from_logits=True),",
    "train_svm_by_hand": "def graph_loss(y_true, y_pred):",
    "train_two_heads_summed": "keras.losses.MeanSquaredError()",
    "train_two_heads_weighted_and_unknown": "loss=[graph_loss_1, graph_loss_2],",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_to(tmp_path_factory.mktemp("objectives"), "objectives")


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_goes_on_as_tensorflow_1_did(
    name: str, folder: Path, keras_worker: Worker, ask: Ask, tmp_path: Path
) -> None:
    text = assert_goes_on(Case(folder / name), keras_worker, ask, tmp_path)
    assert LOSSES[name] in text


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert {case.name for case in folder.iterdir()} == LOSSES.keys()


def test_what_a_loss_needs_is_in_the_report(folder: Path) -> None:
    _, plan = plan_of(Case(folder / "train_sequence_loss_mask"))
    summary = training_of(plan).summary
    assert summary["labels"] == ["targets:0"]
    assert summary["sample_weights"] == ["mask:0"]


def test_a_loss_of_weights_reads_as_a_person_would_write_it(folder: Path) -> None:
    _, plan = plan_of(Case(folder / "train_q_learning"))
    text = emit_source(plan)
    found = text[text.index("class GraphLoss") : text.index("def build_model")]
    assert found == (
        "class GraphLoss(keras.losses.Loss):\n"
        '    """The loss Mean:0, computed as in the graph.\n'
        "\n"
        "    sample_weight is action_input:0.\n"
        '    """\n'
        "\n"
        "    def __call__(self, y_true, y_pred, sample_weight=None):\n"
        '        """Returns the loss of a batch, a scalar."""\n'
        "        if sample_weight is None:\n"
        '            raise ValueError("this loss needs sample_weight: action_input:0")\n'
        '        y_true = keras.ops.cast(y_true, "float32")\n'
        '        sample_weight = keras.ops.cast(sample_weight, "float32")\n'
        "        x = keras.ops.square(y_true - keras.ops.sum(y_pred * sample_weight, axis=1))\n"
        "        return keras.ops.mean(x, axis=0)\n"
        "\n"
        "\n"
    )


def test_gradients_stop_where_the_graph_stops_them(
    case_of: Callable[[str], Any], keras_worker: Worker, ask: Ask, tmp_path: Path
) -> None:
    """In a squared difference of two heads, and at a variable that only the loss takes."""
    case = Case(case_of("train/stopped_error").folder)
    text = assert_goes_on(case, keras_worker, ask, tmp_path, case.meta["outputs"])
    loss = text[text.index("def graph_loss(") : text.index("class GraphModel")]
    assert loss.count("keras.ops.stop_gradient(") == 3
