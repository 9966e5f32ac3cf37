"""``--to torch``: the file beside the model, opened by the safetensors library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CaseOf
from safetensors import safe_open
from tfmigrate import convert
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.cli.main import run


def case_variable(folder: Path, name: str) -> np.ndarray:
    return open_checkpoint(folder / "model.ckpt").read(name)


def test_the_file_has_every_tensor_of_the_table(case_of: CaseOf, tmp_path: Path) -> None:
    case = case_of("goldens/lenet_raw")
    made = convert(case.source, tmp_path / "out", to=["torch"], train_check=False)
    table = made.report["torch"]
    with safe_open(tmp_path / "out" / "model.torch.safetensors", "numpy") as file:
        assert file.metadata() == {"format": "pt"}
        assert {e["name"]: e["shape"] for e in table} == {
            name: list(file.get_tensor(name).shape)
            for name in file.keys()  # noqa: SIM118
        }
        np.testing.assert_array_equal(
            file.get_tensor("y.weight").T, case_variable(case.folder, "Variable_6")
        )
    entry = table[-2]
    assert (entry["name"], entry["variable"], entry["done"]) == (
        "y.weight",
        "y/kernel",
        "transpose",
    )
    assert entry["from_shape"] == [64, 10]
    assert made.report["files"]["torch_weights"] == "model.torch.safetensors"
    assert (tmp_path / "out" / "model.keras").is_file()
    (shown,) = [b for b in made.blocks() if getattr(b, "columns", [""])[0] == "PyTorch"]
    assert len(shown.rows) == len(table)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "torch", "--to", "saved_model"], "two conversions"),
        (["--to", "torch", "--model", "m.py:f"], "cannot use your own model"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], says: str, case_of: CaseOf, tmp_path: Path, capsys: Any
) -> None:
    source = str(case_of("goldens/frozen_mlp").source)
    assert run(["convert-ckpt", source, "-o", str(tmp_path / "out"), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_without_layers_there_is_no_file_and_a_note(case_of: CaseOf, tmp_path: Path) -> None:
    source = case_of("structure/op_without_keras").source
    made = convert(source, tmp_path / "out", to=["torch"])
    assert made.report["outcome"] == "lifted"
    assert any("There is no file for PyTorch" in text for text in made.report["warnings"])
    assert not (tmp_path / "out" / "model.torch.safetensors").exists()
