"""A conversion reports whatever it leaves out, assumes or cannot compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases import Case, unpack
from tfmigrate import convert
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("conversion")

CaseOf = Callable[[str], Case]
Report = Callable[..., dict[str, Any]]
COLUMNS = Path(__file__).parents[1] / "training" / "data" / "train_columns_adam.zip"


@pytest.fixture
def report(case_of: CaseOf, graph_worker: Worker, keras_worker: Worker, tmp_path: Path) -> Report:
    """The report of a case's conversion into ``tmp_path / "out"``."""

    def get(name: str, **options: Any) -> dict[str, Any]:
        workers = (graph_worker, keras_worker)
        made = convert(case_of(name).source, tmp_path / "out", workers=workers, **options)
        return made.report

    return get


def test_numbers_that_are_none_are_counted_and_prove_nothing(report: Report) -> None:
    found = report("structure/nan_in_weight")
    (told,) = found["warnings"]
    assert told.startswith("a/kernel has NaN or infinite elements (1 of 20).")
    # TensorFlow 1.15 makes NaN of it; a kernel of TensorFlow 2 that joins two ops makes 0.
    assert found["parity"]["verdict"] == "not proved"
    assert found["parity"]["max_abs"] == 0


def test_a_network_that_computes_in_float16_is_noted(report: Report) -> None:
    notes = report("train/half_precision")["notes"]
    assert any("MatMul (float16: 1.15 also adds up in float16" in note for note in notes)


def test_a_batch_of_one_is_variable_where_its_rows_stay_apart(
    report: Report, case_of: CaseOf, tmp_path: Path
) -> None:
    found = report("structure/batch_of_one")
    assert found["inputs"][0]["shape"] == [None, 12, 12, 3]
    assert found["parity"]["examples"] == 8
    text = (tmp_path / "out" / "model.py").read_text()
    assert "reshape(x, (-1, 216))" in text


def test_a_batch_of_one_stays_where_another_one_would_mix_its_rows(report: Report) -> None:
    found = report("structure/mean_over_batch_of_one")
    assert found["parity"]["verdict"] == "pass"
    assert found["inputs"][0]["shape"] == [1, 6]
    (note,) = found["notes"]
    assert "With another batch size the outputs differ, so the model keeps it." in note


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("structure/dropout_always", "applies dropout (dropout/mul_1) in every run"),
        ("structure/temperature_by_default", "temperature is 2.0; --feed NAME=VALUE"),
        ("structure/constant_input", "features:0 is a constant in the graph"),
        ("structure/decode_png_serving", "the ops before it (DecodePng) are not in the model"),
    ],
)
def test_an_assumption_is_noted_in_one_line(name: str, said: str, report: Report) -> None:
    notes = report(name, dry_run=True)["notes"]
    assert len([note for note in notes if said in note]) == 1


def test_a_table_in_the_checkpoint_is_not_said_to_be_missing(
    report: Report, case_of: CaseOf
) -> None:
    with pytest.raises(UserError) as caught:
        report("structure/table_in_checkpoint")
    assert "the checkpoint contains the values of these tables (table-keys)" in str(caught.value)


def test_training_through_feature_columns_is_compared(
    graph_worker: Worker, keras_worker: Worker, tmp_path: Path
) -> None:
    folder = unpack(COLUMNS, tmp_path / "case")
    workers = (graph_worker, keras_worker)
    found = convert(folder / "model.ckpt", tmp_path / "out", workers=workers).report
    # TensorFlow 1.15's own losses are those of the model: tests/training/test_going_on.py.
    assert found["training"]["check"]["verdict"] == "pass"
    assert not found["warnings"]
