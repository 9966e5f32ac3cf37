"""A model that is written down and changed: only what is meant to change does."""

from __future__ import annotations

from tfmigrate.worker.model import widened


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
