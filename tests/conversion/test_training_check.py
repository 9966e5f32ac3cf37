"""Training is carried over only where three steps of the program's own train operation agree.

TensorFlow 1.15 wrote the cases, programs with something between the gradients and the weights.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from cases import Case
from tfmigrate import convert
from tfmigrate.errors import UserError
from tfmigrate.sources import open_source
from tfmigrate.verification import verify
from tfmigrate.verification.comparing import Allowed
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("training_check")

Workers = tuple[Worker, Worker]
CaseOf = Callable[[str], Case]
Report = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def workers() -> Any:
    with Worker("graph") as graph, Worker("Keras") as keras:
        yield graph, keras


@pytest.fixture
def report(case_of: CaseOf, workers: Workers, tmp_path: Path) -> Report:
    """The report of a case's conversion into ``tmp_path / "out"``."""

    def get(name: str, **options: Any) -> dict[str, Any]:
        source = case_of(name).source
        return convert(source, tmp_path / "out", workers=workers, **options).report

    return get


def test_training_that_agrees_is_told_with_its_numbers(report: Report, tmp_path: Path) -> None:
    found = report("goldens/train_adam")
    check = found["training"]["check"]
    assert check["verdict"] == "pass"
    assert check["steps"] == len(check["losses"]) == 3
    assert len({step["original"] for step in check["losses"]}) == 3
    assert check["variables"] == 12  # 4 weights, m and v of each
    assert check["gradients"] == 4
    assert check["max_loss_difference"] < 1e-5
    assert 0 < check["required_tolerance"]["of_scale"] < check["tolerance"]["of_scale"]
    assert not found["warnings"]
    assert "to train like TensorFlow 1" in (tmp_path / "out" / "model.py").read_text()


# Of a layer in a loss, of Adam's powers of beta.
@pytest.mark.parametrize("name", ["train/crf_fixed", "goldens/train_adam"])
def test_what_only_rounding_tells_apart_agrees_in_float64(
    name: str, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearly = Allowed(rtol=1e-12)
    monkeypatch.setattr("tfmigrate.verification.training_check.Allowed", lambda: nearly)
    check = report(name)["training"]["check"]
    assert check["verdict"] == "pass"
    assert check["required_tolerance"]["of_scale"] < 1e-12
    assert any("both sides were compared in float64" in note for note in check["notes"])


def test_what_is_saved_is_the_checkpoint_and_not_the_trained_copy(
    report: Report, case_of: CaseOf, tmp_path: Path
) -> None:
    found = report("goldens/train_adam")
    assert found["training"]["check"]["verdict"] == "pass"
    with zipfile.ZipFile(tmp_path / "out" / "model.keras") as archive:
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    saved: list[np.ndarray] = []
    weights.visititems(lambda _, item: saved.extend([np.array(item)] * hasattr(item, "shape")))
    source = open_source(case_of("goldens/train_adam").source)
    for variable in source.variables():
        role = source.roles[variable.name]
        if role in ("weight", "slot"):
            array = source.read(variable.name)
            assert any(np.array_equal(array, each) for each in saved), variable.name


NOT_CARRIED = {  # and the cause, as it is named
    "lookahead": "changes logits/bias, logits/kernel, h/bias, h/kernel with Assign",
    "rate_drops_later": "beside the updates the train op also changes rate with Assign",
    "rnn_dropout_output": "dropout with the rate 0.4",
}
AROUND = {  # what the optimizer of model.py does around its updates, as the notes name it
    "adamw_contrib": "AssignSub",
    "decay_before": "AssignSub",
    "masked_gradient": "update of h/kernel the graph has Mul (mul)",
    "keras_constraint": "changes last/kernel, hidden/kernel with AssignVariableOp",
    "multiplier_slim": "update of logits/weights the graph has multiplication by 10",
}


@pytest.mark.parametrize("case", AROUND)
def test_what_is_around_the_updates_is_carried_proved_and_named(case: str, report: Report) -> None:
    found = report(f"train/{case}")
    assert found["training"]["check"]["verdict"] == "pass"
    assert found["training"]["changes"]
    notes = [note for note in found["notes"] if "the optimizer in model.py does the same" in note]
    assert any(AROUND[case] in note for note in notes)


@pytest.mark.parametrize("case", NOT_CARRIED)
def test_training_that_differs_is_not_carried_over_and_the_cause_is_named(
    case: str, report: Report, tmp_path: Path
) -> None:
    found = report(f"train/{case}")
    assert found["parity"]["verdict"] == "pass"
    assert found["training"] is None
    (told,) = (w for w in found["warnings"] if w.startswith("Training is not carried over: "))
    assert NOT_CARRIED[case] in told
    assert "compile_model" not in (tmp_path / "out" / "model.py").read_text()


def test_a_custom_optimizer_is_carried_with_its_slots_and_proved(report: Report) -> None:
    found = report("train/bert_adam_decay")
    assert found["training"]["check"]["verdict"] == "pass"
    assert not found["warnings"]
    slots = [v for v in found["variables"] if v["role"] == "slot"]
    assert len(slots) == 14
    told = "In the training check, the original agrees if its ops run in a fixed order"
    assert any(note.startswith(told) for note in found["notes"])
    assert {v["fate"] for v in slots} == {"converted"}


def test_a_loss_scale_that_gradients_are_divided_by_cancels(report: Report, tmp_path: Path) -> None:
    found = report("train/loss_scale")
    assert found["training"]["check"]["verdict"] == "pass"
    assert "128" not in (tmp_path / "out" / "model.py").read_text()
    assert not found["warnings"]


def test_a_term_of_the_loss_that_waits_for_a_step_is_not_passed_over(report: Report) -> None:
    found = report("train/late_term")
    assert found["training"]["check"]["verdict"] == "not run"
    assert "global_step" in " ".join(found["warnings"])


def test_rates_that_only_a_feed_knows_prove_nothing(report: Report) -> None:
    found = report("train/fed_rate")
    assert found["training"]["check"]["verdict"] == "not proved"
    (told,) = (w for w in found["warnings"] if w.startswith("It is not proved that Keras trains"))
    assert "feeds the learning rate (lr) and a dropout rate; --feed NAME=VALUE sets it" in told
    given = report("train/fed_rate", feed={"lr": 0.2, "keep_prob": 0.8}, force=True)
    assert given["training"]["check"]["verdict"] == "pass"
    assert not given["warnings"]


def test_verify_asks_for_a_rate_that_only_a_feed_knows(
    report: Report, case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    source = case_of("train/fed_rate").source
    report("train/fed_rate", train_check=False)
    with pytest.raises(UserError, match=r"feeds the learning rate \(lr\).* --feed lr=VALUE"):
        verify(source, tmp_path / "out", train=2, workers=workers)


@pytest.mark.parametrize("name", ["loss_not_reduced", "slots_missing", "softmax_twice"])
def test_both_sides_are_run_where_tensorflow_1_and_keras_part(name: str, report: Report) -> None:
    """A loss that is not reduced, slots that start anew, a softmax that Keras would undo."""
    found = report(f"train/{name}")
    assert found["training"]["check"]["verdict"] == "pass"
    assert len(found["warnings"]) == (name == "slots_missing")


def test_the_outputs_that_a_loss_takes_of_another_network_are_named(report: Report) -> None:
    (warning, _) = report("train/wgan_clip")["warnings"]
    assert "--outputs critic/d2/BiasAdd:0,critic_1/d2/BiasAdd:0 makes it" in warning


def test_two_rates_are_run_together(report: Report) -> None:
    check = report("train/two_rates")["training"]["check"]
    assert check["operations"] == ["train"]
    assert check["verdict"] == "pass"


def test_losses_that_are_minimized_in_turn_are_each_compared(
    report: Report, case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    case, code = case_of("train/gan_pair"), tmp_path / "out" / "model.py"
    training = report("train/gan_pair", outputs=case.meta["outputs"])["training"]
    first, second = training["check"], training["check"]["turns"]["generator_trainer"]
    assert [each["verdict"] for each in (first, second)] == ["pass", "pass"]
    assert [each["operations"] for each in (first, second)] == [["Adam"], ["Adam_1"]]
    assert training["turns"]["generator_trainer"]["step"] == training["step"] == 10

    result = verify(case.source, code.parent, train=2, workers=workers)
    assert result
    assert list(result.turns) == ["generator_trainer"]
    code.write_text(code.read_text().replace("optimizer.at(1)", "optimizer.at(0)"))
    result = verify(case.source, code, train=1, workers=workers)
    assert not result
    assert result.trained is not None
    assert result.trained.holds(result.allowed)


def test_without_a_loss_nothing_is_said_to_be_trained_alike(report: Report, tmp_path: Path) -> None:
    found = report("train/ddpg")
    assert found["training"]["check"] == {
        "verdict": "not run",
        "reason": "compile_model does not set a loss",
    }
    assert "to train like TensorFlow 1" not in (tmp_path / "out" / "model.py").read_text()


def test_operations_beside_the_train_operation_are_named(report: Report) -> None:
    warnings = report("train/wgan_clip")["warnings"]
    assert any("in addition to the train op the program has Assign" in w for w in warnings)


def test_the_check_may_be_left_out_and_nobody_takes_it_as_proved(
    report: Report, tmp_path: Path
) -> None:
    found = report("goldens/train_adam", train_check=False)
    assert found["training"]["check"] == {"verdict": "not run", "reason": "--no-train-check"}
    assert "Training steps were not compared, because of --no-train-check." in found["notes"]
    text = (tmp_path / "out" / "model.py").read_text()
    assert "it is not proved that it trains like TensorFlow 1" in text
    assert "to train like TensorFlow 1" not in text


def test_verify_runs_what_the_program_runs_after_the_update(
    report: Report, case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    case = case_of("train/max_norm_after")
    report("train/max_norm_after", train_check=False)
    golden = case.arrays
    fed = {t: np.concatenate([golden[f"feed_{k}_{t}"] for k in range(6)]) for t in ("x:0", "y:0")}
    np.savez(tmp_path / "data.npz", **fed)
    options: dict[str, Any] = {"train": 6, "data": tmp_path / "data.npz", "workers": workers}
    result = verify(case.source, tmp_path / "out", **options)
    assert result
    assert result.trained is not None
    assert result.trained.operations == ("train",)
    model = tmp_path / "out" / "model.py"
    model.write_text(model.read_text().replace("    after = [", "    forgotten = ["))
    without = verify(case.source, model, **options)
    assert not without
    assert without.trained is not None
    assert not without.allowed.holds(without.trained.weights["h/kernel"])
    assert all(map(without.allowed.holds, without.outputs.values()))


def test_steps_that_are_others_each_time_are_the_reason_and_no_difference(
    report: Report, case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    report("train/gradient_noise", train_check=False)
    source = case_of("train/gradient_noise").source
    with pytest.raises(UserError, match="two runs of the program's own train operation"):
        verify(source, tmp_path / "out", train=2, workers=workers)
