"""From Keras back to TF1: the same names and bits, restored by TF1 itself."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest
from tensor_sources import source
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.errors import UserError
from tfmigrate.formats import tf1, weights_h5
from tfmigrate.formats.keras_file import KerasFile
from tfmigrate.mapping import (
    Map,
    MappingError,
    Rule,
    map_of_report,
    plan_way_back,
    read_map,
    resolve,
)

LSTM_MAP = """
[[change]]
from = "rnn/basic_lstm_cell/kernel"
to = ["lstm/kernel", "lstm/recurrent_kernel"]
steps = [{ gates = "lstm" }, { split = [6, 10], axis = 0 }]
[[change]]
from = "rnn/basic_lstm_cell/bias"
to = "lstm/bias"
steps = [{ gates = "lstm" }, { forget_bias = 1.0 }]
[rename]
"head/*" = "classes/{1}"
"""

RUN = """
import sys
import numpy as np
import tensorflow as tf

meta, prefix, npz, fed, fetched, out = sys.argv[1:]
with tf.Session() as session:
    saver = tf.train.import_meta_graph(meta, clear_devices=True)
    saver.restore(session, prefix)
    np.save(out, session.run(fetched, {fed: np.load(npz)["in_" + fed]}))
"""


def test_an_lstm_comes_back_bit_for_bit_but_for_the_forget_bias_that_was_added(goldens, tmp_path):
    checkpoint = open_checkpoint(goldens / "lstm_dynamic")
    (tmp_path / "map.toml").write_text(LSTM_MAP)
    mapping = read_map(tmp_path / "map.toml")
    there = resolve(mapping, checkpoint.variables, None).tensors(checkpoint)
    back = plan_way_back(there, mapping).tensors(there)
    assert set(back.variables) == set(checkpoint.variables)
    for name in checkpoint.variables:
        was, now = checkpoint.read(name), back.read(name)
        if name == "rnn/basic_lstm_cell/bias":
            forget = slice(20, 30)
            # b + 1 is rounded once, to half a unit in its last place; taking 1 away is exact.
            bound = np.spacing(was[forget] + np.float32(1)) / 2
            assert (np.abs(now[forget] - was[forget]) <= bound).all()
            was[forget] = now[forget]
        assert np.array_equal(was, now), name


def test_tensorflow_1_restores_what_came_back_and_computes_the_same(goldens, tmp_path):
    interpreter = os.environ.get("TFMIGRATE_TF115")
    if not interpreter:
        pytest.skip("TFMIGRATE_TF115 names no Python with TensorFlow 1.15")
    golden = goldens / "lstm_dynamic"
    checkpoint = open_checkpoint(golden)
    (tmp_path / "map.toml").write_text(LSTM_MAP)
    mapping = read_map(tmp_path / "map.toml")
    there = resolve(mapping, checkpoint.variables, None).tensors(checkpoint)
    tf1.write(tmp_path / "tf1", plan_way_back(there, mapping).tensors(there))
    outputs = []
    for prefix in (golden / "model.ckpt", tmp_path / "tf1/model.ckpt"):
        done = subprocess.run(
            [interpreter, "-c", RUN, golden / "model.ckpt.meta", prefix,
             golden / "golden.npz", "seq:0", "head/BiasAdd:0", tmp_path / "y.npy"],
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        outputs.append(np.load(tmp_path / "y.npy"))
    # Exact but for the forget bias, which was rounded to half a unit of the last place of 1.
    assert np.abs(outputs[0] - outputs[1]).max() <= np.finfo("f4").eps


def test_without_a_map_the_keras_paths_are_the_names(tmp_path):
    arrays = {"dense/kernel": np.ones((2, 3), "f4"), "dense/bias": np.ones(3, "f4")}
    weights_h5.write(tmp_path / "m.weights.h5", source(arrays))
    with KerasFile(tmp_path / "m.weights.h5") as file:
        tf1.write(tmp_path / "tf1", plan_way_back(file, None).tensors(file))
    again = open_checkpoint(tmp_path / "tf1")
    assert all(np.array_equal(again.read(name), a) for name, a in arrays.items())
    assert set(again.variables) == set(arrays)


def test_a_weight_the_map_does_not_know_is_an_error():
    weights = source({"dense/kernel": np.ones((2, 3)), "dense/bias": np.ones(3)})
    with pytest.raises(MappingError, match=r"dense/bias .* neither used nor skipped"):
        plan_way_back(weights, Map((Rule(("w0",), ("dense/kernel",)),)))


def test_a_report_leads_back_where_nothing_was_changed():
    variables = [
        {
            "name": "w0",
            "fate": "converted",
            "target": "model/dense/kernel",
            "path": "dense/kernel",
            "untouched": True,
        },
        {"name": "w0/Adam", "fate": "skipped", "target": None},
    ]
    assert map_of_report({"variables": variables}, "r").rules == (Rule(("w0",), ("dense/kernel",)),)
    variables.append({"name": "lstm/bias", "fate": "converted", "target": "lstm/bias"})
    with pytest.raises(UserError, match=r"changed lstm/bias; try --map"):
        map_of_report({"variables": variables}, "report.json")
