"""A model that is written down and changed: only what is meant to change does."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from tfmigrate.worker.copies import widened
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
