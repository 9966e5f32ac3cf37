"""Numbers that only a feed knows are asked for, and those that a person feeds are taken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CaseOf
from tfmigrate.conversion.convert import convert
from tfmigrate.graph import InputTensor
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.sources import open_source
from tfmigrate.training import carry_training
from tfmigrate.verification.feeding import Feeding

from .converting import Case, plan_of


@pytest.fixture(scope="module")
def case(case_of: CaseOf) -> Case:
    return Case(case_of("train/fed_rate").folder)


def converted(case: Case, folder: Path, feed: dict[str, float]) -> dict[str, Any]:
    convert(case.folder / "model.ckpt", folder, feed=feed)
    return json.loads((folder / "report.json").read_text())


def test_what_nobody_gives_is_an_argument_without_a_default(case: Case, tmp_path: Path) -> None:
    report = converted(case, tmp_path / "out", {})
    text = (tmp_path / "out" / "model.py").read_text()
    assert "def build_model(dropout_rate, " in text
    assert "def compile_model(model, learning_rate):" in text
    assert "0.5" not in text
    assert "0.001" not in text
    assumed = {(e["tensor"], e["for"]): e["value"] for e in report["assumed"]}
    assert assumed == {
        ("keep_prob:0", "inference"): 1.0,
        ("keep_prob:0", "training"): 0.0,
        ("lr:0", "training"): 0.0,
    }
    said = " ".join(report["warnings"])
    assert "--feed lr=VALUE" in said
    assert "--feed keep_prob=VALUE" in said
    assert "at the checkpoint" not in said


def test_a_rate_that_is_fed_is_the_rate_of_training(case: Case, tmp_path: Path) -> None:
    report = converted(case, tmp_path / "out", {"keep_prob": 0.8, "lr": 0.35})
    text = (tmp_path / "out" / "model.py").read_text()
    assert "dropout_rate=0.2" in text
    assert "learning_rate=0.35" in text
    assert report["assumed"] == []
    assert report["parity"]["verdict"] == "pass"
    assert report["fed"]["keep_prob:0"] == 1.0
    assert any("dropout is off" in note for note in report["notes"])


def test_with_what_it_was_fed_training_goes_on_as_in_tensorflow_1(
    case: Case, tmp_path: Path, ask: Callable[..., Any]
) -> None:
    golden = case.arrays
    rate = float(golden["feed_0_lr:0"])
    same = [k for k in range(6) if float(golden[f"feed_{k}_lr:0"]) == rate]
    report = converted(case, tmp_path / "out", {"keep_prob": 1.0, "lr": rate})
    assert report["assumed"] == []
    batches = [(golden[f"feed_{step}_x:0"], golden[f"feed_{step}_y:0"]) for step in same]
    losses = ask("go_on", str(tmp_path / "out"), batches)["losses"]
    expected = golden["train_losses"][: len(same)]
    assert len(same) > 1
    assert np.abs(np.asarray(losses) - expected).max() <= 5e-6 * np.abs(expected).max()


@pytest.mark.parametrize("feed", [{}, {"keep_prob": 0.75}])
def test_the_plan_has_one_rate_whatever_inference_is_fed(
    case: Case, feed: dict[str, float]
) -> None:
    source = open_source(case.folder / "model.ckpt")
    assert source.graph is not None
    interface = find_interface(source.graph, None, None, feed)
    plan = make_plan(source, interface, inference_part(source, interface))
    carry_training(source.graph, plan, source.recipes(), source.read)
    (rate,) = [layer.arguments["rate"] for layer in plan.layers if layer.kind == "Dropout"]
    assert rate == 0.25 if feed else rate.tensor == "keep_prob:0"
    assert interface.fed["keep_prob:0"] == 1.0


def test_labels_that_a_loss_takes_for_numbers_of_classes_are_some(case_of: CaseOf) -> None:
    _, plan = plan_of(Case(case_of("train/keras_clipnorm").folder))
    given = InputTensor("input_1:0", (None, 12, 3), "float32")
    label = InputTensor("activation_2_target:0", (None, None, None), "float32")
    labels = Feeding((given,), (label,), None, plan, 0).batch(0, list)[label.tensor]
    assert labels.shape[1:] == (12, 1)
    assert set(labels.ravel()) == {0, 1, 2, 3}
