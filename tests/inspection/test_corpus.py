"""Real files of many makers: everything in them is told of, and called what it is."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.errors import UserError
from tfmigrate.inspection import inspect

FORMATS = {
    "v1": "v1",
    "v2": "v2",
    "frozen_pb": "frozen",
    "saved_model": "saved_model",
    "tf2_object": "tf2",
    "fragment": "graph",
}


def manifest(shared: Path) -> list[dict[str, str]]:
    with open(shared / "corpus/MANIFEST.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_entry_is_called_what_it_is_and_is_listed_whole(shared):
    entries = manifest(shared)
    assert len(entries) == 46
    for entry in entries:
        result = inspect(shared / "corpus" / entry["id"])
        assert result.format == FORMATS[entry["format"]], entry["id"]
        if entry["format"] in ("v1", "v2", "tf2_object"):
            assert len(result.entries) == int(entry["n_variables"]), entry["id"]
        document = result.to_dict()
        assert json.loads(json.dumps(document, default=str))["schema"] == 1
        text = str(result)
        assert all(finding.text for finding in result.findings)
        for variable in list(result.entries)[:50]:
            # A long name goes on in the next line, after a slash.
            whole = variable.name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")[:60]
            assert whole in text or all(part[:20] in text for part in whole.split("/"))


@pytest.mark.parametrize(
    ("name", "optimizer", "slots", "step"),
    [
        ("train_adam", "Adam", {"m", "v"}, {20}),
        ("train_adam_unnamed", "Adam", {"m", "v"}, {20}),
        ("train_rmsprop", "RMSProp", {"rms", "momentum"}, set()),
        ("train_momentum", "Momentum", {"momentum"}, set()),
        ("train_adagrad", "Adagrad", {"accumulator"}, set()),
        ("train_sgd", "GradientDescent", set(), set()),
        ("train_sgd_expdecay", "GradientDescent", set(), {20}),
    ],
)
def test_optimizer_slots_and_step_of_the_goldens(goldens, name, optimizer, slots, step):
    result = inspect(goldens / name)
    assert [o.class_name for o in result.graph.optimizers] == [optimizer]
    assert {e.role.slot for e in result.entries if e.role.kind == "slot"} == slots
    assert {s.value for s in result.steps} == step
    assert {e.role.evidence for e in result.entries} == {"graph"}
    assert result.findings == []
    text = str(result)
    assert "written by  TensorFlow 1.15.5" in text
    assert "inputs      x:0 [?, 20] float32" in text
    assert "outputs     logits:0 [?, 5] float32" in text


def test_without_the_graph_the_same_is_guessed_and_said_so(goldens, tmp_path):
    for file in (goldens / "train_adam").glob("model.ckpt.[id]*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    guessed, read = inspect(tmp_path), inspect(goldens / "train_adam")
    for left, right in zip(guessed.entries, read.entries, strict=True):
        assert (left.name, left.role.kind) == (right.name, right.role.kind)
        assert (left.role.slot, left.role.of) == (right.role.slot, right.role.of)
    assert "inferred from names" in str(guessed)
    assert "read from the graph" in str(read)


@pytest.mark.parametrize("name", ["dtypes", "partitioned", "v1_format", "slim_cnn_bn"])
def test_figures_of_the_goldens_are_numpys(goldens, name):
    result = inspect(goldens / name, stats=True)
    with open_checkpoint(goldens / name) as checkpoint:
        for entry in result.entries:
            array = checkpoint.read(entry.name)
            if array.dtype == object:
                assert entry.figures is None
                continue
            values = np.abs(array) if array.dtype.kind == "c" else array
            wide = values.astype(np.float64)
            assert entry.figures.count == array.size
            if array.size:
                assert entry.figures.minimum == wide.min()
                assert entry.figures.maximum == wide.max()
                assert entry.figures.mean == pytest.approx(wide.mean(), rel=1e-12)
                assert entry.figures.deviation == pytest.approx(wide.std(), rel=1e-9)


def test_a_network_and_its_stale_twin(shared):
    (path,) = (shared / "corpus").glob("mfatihaktas*/hist_9562e68b/save_expreplay/*.index")
    findings = {f.kind: f for f in inspect(path).findings}
    assert len(findings["no_gradient"].variables) == 8
    assert all("TargetNet" in name for name in findings["no_gradient"].variables)
    assert "QNet" in findings["duplicate"].text


def test_optimizers_that_share_their_slots_are_one_owner(shared):
    result = inspect(shared / "corpus/gsurma__text_predictor/model.ckpt-2000")
    assert len(result.graph.optimizers) == 3
    assert {e.role.instance for e in result.entries if e.role.kind == "slot"} == {0}


def test_a_fragment_shows_its_graph(shared):
    (path,) = (shared / "corpus").glob("BenjyWP*/fragments/index_meta_no_data/*.index")
    result = inspect(path)
    assert "lacks its data" in result.findings[0].text
    assert len(result.entries) == 27


def test_damage_is_not_passed_over(goldens, tmp_path):
    for file in (goldens / "train_adam").glob("model.ckpt.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(UserError, match="cut short"):
        inspect(tmp_path / "model.ckpt")


def test_a_damaged_graph_does_not_hide_the_weights(goldens, tmp_path):
    for file in (goldens / "train_adam").glob("model.ckpt.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    meta = tmp_path / "model.ckpt.meta"
    meta.write_bytes(meta.read_bytes()[:-100])
    result = inspect(tmp_path / "model.ckpt")
    assert "the graph next to it cannot be used" in result.findings[0].text
    assert len(result.entries) == 14


def test_a_graph_that_contradicts_itself_does_not_hide_the_weights(goldens, tmp_path):
    from tfmigrate.graph.files import protos

    for file in (goldens / "train_adam").glob("model.ckpt.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    meta = protos.MetaGraphDef()
    meta.ParseFromString((tmp_path / "model.ckpt.meta").read_bytes())
    node = next(node for node in meta.graph_def.node if node.name == "w0")
    node.attr["dtype"].s = b"float"
    (tmp_path / "model.ckpt.meta").write_bytes(meta.SerializeToString())
    result = inspect(tmp_path / "model.ckpt")
    assert "attribute 'dtype' of operation 'w0' is a s" in result.findings[0].text
    assert len(result.entries) == 14


def test_names_and_shapes_are_those_of_tensorflow(goldens):
    """The oracle lists the same checkpoints, in a process of its own."""
    names = ["train_adam", "dtypes", "partitioned", "v1_format", "ema_shadow"]
    paths = [str(goldens / name / "model.ckpt") for name in names]
    program = (
        "import json, sys\nimport tensorflow as tf\n"
        "print(json.dumps([tf.train.list_variables(p) for p in sys.argv[1:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, timeout=120
    )
    for path, listed in zip(paths, json.loads(done.stdout), strict=True):
        ours = [[e.name, list(e.shape)] for e in inspect(path).entries]
        assert ours == listed
