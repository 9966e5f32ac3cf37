"""Conversions without training: asked for, or because it cannot be had; the model is not lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tfmigrate import convert
from tfmigrate.conversion import by_graph
from tfmigrate.emit import source as emit_source
from tfmigrate.plan.training import New

from .converting import Case, training_of


def test_training_is_left_out_where_that_is_asked(
    unpacked: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Case(unpacked("train_top_layer_only")).folder
    made = convert(folder / "model.ckpt", tmp_path / "out", training=False)
    assert made
    assert made.report["training"] is None
    text = (tmp_path / "out" / "model.py").read_text()
    assert "compile_model" not in text
    assert "trainable" not in text
    reasons = {v["name"]: v["reason"] for v in made.report["variables"]}
    assert reasons["top/kernel/Adam"] == "state of an optimizer, which the model does not contain"


def test_an_optimizer_that_keras_fails_at_does_not_cost_the_model(
    unpacked: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TFMIGRATE_DEBUG", raising=False)
    carry = by_graph.carry_training

    def carry_wrongly(*arguments: object) -> None:
        carry(*arguments)  # type: ignore[arg-type]
        plan = arguments[1]
        training_of(plan).optimizer = New("keras.optimizers.Adam", {"beta_3": 0.5})  # type: ignore[arg-type]
        assert "beta_3" in emit_source(plan)  # type: ignore[arg-type]

    monkeypatch.setattr(by_graph, "carry_training", carry_wrongly)
    folder = Case(unpacked("train_top_layer_only")).folder
    made = convert(folder / "model.ckpt", tmp_path / "out")
    assert made
    assert made.report["outcome"] == "keras"
    assert made.report["training"] is None
    (told,) = [n for n in made.report["warnings"] if n.startswith("Training is not carried over")]
    assert "beta_3" in told
