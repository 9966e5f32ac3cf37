"""A model that is written down and changed: only what is meant to change does."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.worker.copies import state_of, training_copy, widened
from tfmigrate.worker.keras_model import without_dropout
from tfmigrate.worker.model import _plain_classes


def test_float64_changes_dtypes_and_policies_and_no_name_or_word() -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    lookup = {"name": "words", "vocabulary": ["float32", "other"], "dtype": "string"}
    history = {"dtype": "float32", "keras_history": ["float32", 0, 0]}
    written = {
        "config": {
            "layers": [
                {"name": "float32", "config": {"name": "float32", "dtype": policy}},
                {"name": "words", "config": lookup},
                {"name": "add", "inbound_nodes": [{"args": [{"config": history}]}]},
            ]
        }
    }
    wide_policy = {**policy, "config": {"name": "float64"}}
    assert widened(written) == {
        "config": {
            "layers": [
                {"name": "float32", "config": {"name": "float32", "dtype": wide_policy}},
                {"name": "words", "config": lookup},
                {
                    "name": "add",
                    "inbound_nodes": [{"args": [{"config": {**history, "dtype": "float64"}}]}],
                },
            ]
        }
    }


def test_a_copy_in_float64_has_the_state_of_a_model_with_dropout() -> None:
    import keras

    layers = keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((5, 3)), np.ones((5, 2)))
    state = [variable.numpy() for variable in state_of(model)]
    without_dropout(model)
    copy = training_copy(model, state)
    copied = [variable.numpy() for variable in state_of(copy)]
    assert len(copied) == len(state) > 4
    assert all(np.array_equal(a, b) for a, b in zip(state, copied, strict=True))
    assert {v.dtype for v in copy.weights} == {"float64"}


@pytest.mark.parametrize(
    ("name", "known"), [("tf1_0a>GraphModel", 1), ("mine>Model", 0), (None, 0)]
)
def test_a_class_for_a_loss_alone_stands_for_a_plain_model(
    name: str | None, known: int, tmp_path: Path
) -> None:
    import keras

    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"registered_name": name}))
    assert _plain_classes(str(path)) == dict([(name, keras.Model)] * known)
