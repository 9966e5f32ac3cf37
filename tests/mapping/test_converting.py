"""Whole conversions by a map: an output folder, whole, with its report."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError
from tfmigrate.formats.keras_file import KerasFile
from tfmigrate.mapping import MappingError
from tfmigrate.mapping.converting import (
    convert_back,
    convert_into_model,
    convert_names,
    write_proposed_map,
)
from tfmigrate.sources import open_source

ARRAYS = {
    "fc1/w": np.arange(12, dtype="f4").reshape(3, 4),
    "fc1/b": np.arange(4, dtype="f4"),
    "fc2/w": np.arange(8, dtype="f4").reshape(4, 2),
    "fc2/b": np.arange(2, dtype="f4"),
    "fc1/w/Adam": np.ones((3, 4), "f4"),
}
ROLES = {name: "slot" if "Adam" in name else "weight" for name in ARRAYS}
MODEL = """
import keras

def mlp():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
"""


@pytest.fixture
def source(tmp_path):
    write_bundle(tmp_path / "model.ckpt", ARRAYS.items())
    (tmp_path / "mine.py").write_text(MODEL)
    return open_source(tmp_path / "model.ckpt")


@pytest.mark.xdist_group("tensorflow")
def test_into_a_model_and_back_to_tf1_by_the_report_alone(source, tmp_path):
    model, map_path, out = f"{tmp_path}/mine.py:mlp", tmp_path / "map.toml", tmp_path / "out"
    proposal = write_proposed_map(source, model, map_path)
    assert len(proposal.certain) == 4
    assert not proposal.unset
    report = convert_into_model(
        source, out, model, map_path=map_path, to=["keras", "weights", "npz"]
    )
    assert sorted(os.listdir(out)) == [
        "model.keras", "model.weights.h5", "report.json", "weights.npz"
    ]  # fmt: skip
    assert json.loads((out / "report.json").read_text()) == report
    with KerasFile(out / "model.keras") as file:
        assert np.array_equal(file.read("dense/kernel"), ARRAYS["fc1/w"])

    convert_back(out / "model.keras", tmp_path / "back")
    again = open_checkpoint(tmp_path / "back" / "tf1")
    weights = [name for name in ARRAYS if ROLES[name] == "weight"]
    assert sorted(again.variables) == sorted(weights)
    assert all(np.array_equal(again.read(name), ARRAYS[name]) for name in weights)


@pytest.mark.xdist_group("tensorflow")
def test_what_a_graph_converted_to_goes_back_by_its_report(goldens, tmp_path):
    golden = goldens / "layers_mlp_activations"
    convert(golden / "model.ckpt", tmp_path / "out")
    convert_back(tmp_path / "out" / "model.keras", tmp_path / "back")
    before, after = open_checkpoint(golden), open_checkpoint(tmp_path / "back" / "tf1")
    assert set(after.variables) == set(before.variables)
    assert all(np.array_equal(after.read(n), before.read(n)) for n in before.variables)


@pytest.mark.xdist_group("tensorflow")
def test_what_does_not_fit_leaves_nothing(source, tmp_path):
    with pytest.raises(MappingError, match="8 mismatches"):
        convert_into_model(source, tmp_path / "out", f"{tmp_path}/mine.py:mlp")
    assert not (tmp_path / "out").exists()


def test_names_alone_need_no_model(source, tmp_path):
    (tmp_path / "map.toml").write_text(
        '[rename]\n"fc*/w" = "dense_{1}/kernel"\n"fc*/b" = "dense_{1}/bias"\n'
    )
    keywords = {"to": ["npz"]}
    plan = convert_names(source, tmp_path / "out", tmp_path / "map.toml", dry_run=True, **keywords)
    assert not (tmp_path / "out").exists()
    assert sorted((row["from"], row["to"]) for row in plan["plan"]) == [
        (["fc1/b"], ["dense_1/bias"]),
        (["fc1/w"], ["dense_1/kernel"]),
        (["fc1/w/Adam"], []),
        (["fc2/b"], ["dense_2/bias"]),
        (["fc2/w"], ["dense_2/kernel"]),
    ]
    convert_names(source, tmp_path / "out", tmp_path / "map.toml", **keywords)
    with np.load(tmp_path / "out" / "weights.npz") as loaded:
        assert np.array_equal(loaded["dense_2/kernel"], ARRAYS["fc2/w"])


@pytest.mark.parametrize("text", ["[]", "{", '{"schema": 1, "source": {"path": 3}}'])
def test_a_report_that_is_none_is_reported(text, source, tmp_path):
    (tmp_path / "map.toml").write_text('[rename]\n"fc*/*" = "d{1}/{2}"\n')
    convert_names(source, tmp_path / "out", tmp_path / "map.toml", to=["weights"])
    (tmp_path / "out" / "report.json").write_text(text)
    file, back = tmp_path / "out" / "model.weights.h5", tmp_path / "back"
    if text == "[]":  # another program's
        report = convert_back(file, back)
        assert "no report.json of a conversion next to the file" in report["notes"][0]
    else:
        with pytest.raises(UserError, match=r"report\.json is damaged"):
            convert_back(file, back)
