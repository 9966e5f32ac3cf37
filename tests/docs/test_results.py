"""The page of results: figures of real runs, kept, and not run again."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.xdist_group("results")

_PATH = Path(__file__).parents[2] / "tools" / "run_course.py"
_SPEC = importlib.util.spec_from_file_location("run_course", _PATH)
run_course = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(run_course)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One epoch of a row, on its small data in the place of the full one."""
    folder = tmp_path_factory.mktemp("results")
    small = {name: name for name in run_course.FULL}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_course, "FULL", small)
        result = call(folder)
    assert result.exit_code == 0, result.output
    return folder


def call(folder, rows="mlp"):
    arguments = ["--output", str(folder / "results.md"), "--state", str(folder)]
    return CliRunner().invoke(run_course.main, ["--rows", rows, "--epochs", "1", *arguments])


def test_the_page_has_what_was_measured(folder):
    (device,) = json.loads((folder / "mlp.json").read_text())["result"]["devices"]
    final = f"{device['sides'][0]['epochs'][-1]['accuracy']:.4f}"
    (line,) = [
        text for text in (folder / "results.md").read_text().splitlines() if "| `mlp` |" in text
    ]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:3] == ["1", "accuracy"]
    assert cells[5:8] == [
        final,
        " / ".join(f"{final} ({form})" for form in ("tape", "keras", "fused")),
        "pass, bit-identical",
    ]


def test_rows_without_a_result_are_named(folder):
    (line,) = [
        text for text in (folder / "results.md").read_text().splitlines() if "Not run" in text
    ]
    assert "mlp-deep" in line
    assert "wide-deep" in line


def test_what_has_been_run_is_not_run_again(folder, monkeypatch):
    monkeypatch.setattr(run_course, "FULL", {name: name for name in run_course.FULL})
    monkeypatch.setattr(run_course.tfmigrate, "compare", None, raising=False)
    assert call(folder).exit_code == 0


def test_an_unknown_row_is_refused(folder):
    result = call(folder, rows="perceptron")
    assert result.exit_code == 2
    assert "choose from softmax, mlp" in result.output
