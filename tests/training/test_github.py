"""Programs as people published them go on in Keras: TensorFlow 1.15 is the oracle.

The cases in ``data/github.tar.xz`` were written by ``tests/tf115`` (family ``github``).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tfmigrate.worker import Worker

from .conftest import Ask
from .converting import Case, assert_goes_on, unpacked_to

PROGRAMS = {  # and what is to be seen in model.py
    "train_add_to_collection_losses": "keras.regularizers.L2(0.002)",
    "train_class_with_lazy_properties": 'reduction="sum"',
    "train_ema_in_train_op": "staircase=True",
    "train_estimator_model_fn": "SparseCategoricalCrossentropy(from_logits=True)",
    "train_gradient_noise_scale": "global_clipnorm=1.0",
    "train_labels_scaled_in_graph": "y_true / 255.0",
    "train_lstm_last_step_unstack": "keras.layers.LSTM(",
    "train_negative_log_likelihood": "def graph_loss(y_true, y_pred):",
    "train_rate_divided_by_hand": "learning_rate=0.05",
    "train_slim_create_train_op": "momentum=0.9",
    "train_squeezed_regression": "keras.losses.MeanSquaredError()",
    "train_tower_name_scopes": "keras.optimizers.Adam(",
    "train_two_losses_shared_label": "loss_weights=[0.4, 1.0]",
    "train_unet_pixel_loss": "keras.losses.BinaryCrossentropy(from_logits=True)",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_to(tmp_path_factory.mktemp("github"), "github")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_goes_on_as_tensorflow_1_did(
    name: str, folder: Path, keras_worker: Worker, ask: Ask, tmp_path: Path
) -> None:
    assert PROGRAMS[name] in assert_goes_on(Case(folder / name), keras_worker, ask, tmp_path)


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert {case.name for case in folder.iterdir()} == PROGRAMS.keys()
