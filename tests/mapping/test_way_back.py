"""From Keras back to TF1: the same names and bits, restored by TF1 itself."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import tfmigrate
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


def test_tensorflow_1_restores_what_came_back_and_computes_the_same(goldens, tmp_path, tf1_python):
    golden = goldens / "lstm_dynamic"
    checkpoint = open_checkpoint(golden)
    (tmp_path / "map.toml").write_text(LSTM_MAP)
    mapping = read_map(tmp_path / "map.toml")
    there = resolve(mapping, checkpoint.variables, None).tensors(checkpoint)
    tf1.write(tmp_path / "tf1", plan_way_back(there, mapping).tensors(there))
    outputs = []
    for prefix in (golden / "model.ckpt", tmp_path / "tf1/model.ckpt"):
        done = subprocess.run(
            [tf1_python, "-c", RUN, golden / "model.ckpt.meta", prefix,
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


def converted(golden, folder, **options):
    """The conversion of a golden: the path of model.keras."""
    tfmigrate.convert(golden, folder, train_check=False, **options)
    return folder / "model.keras"


@pytest.mark.parametrize(
    "name", ["train_adam", "train_momentum", "train_rmsprop", "lstm_dynamic", "partitioned"]
)
def test_an_untouched_conversion_comes_back_bit_for_bit(goldens, tmp_path, name):
    model = converted(goldens / name, tmp_path / "there")
    result = tfmigrate.convert(model, tmp_path / "back", to=("tf1",))
    assert result.report["warnings"] == []
    was, now = open_checkpoint(goldens / name), open_checkpoint(tmp_path / "back/tf1")
    assert set(was.variables) == set(now.variables)
    for each, described in was.variables.items():
        assert (now.variables[each].shape, now.variables[each].dtype) == (
            described.shape,
            described.dtype,
        )
        assert was.read(each).tobytes() == now.read(each).tobytes(), each


TRAIN = """
import sys
import keras
import numpy as np

model, golden, other = sys.argv[1:]
network = keras.models.load_model(model)
if other:
    network.layers[-1].bias.assign_add(np.ones(5, "f4"))
    network.compile(keras.optimizers.SGD(0.1), "mse")
else:
    recorded = np.load(golden)
    for x, y in zip(recorded["train_x"], recorded["train_y"], strict=True):
        network.train_on_batch(x, y)
network.save(model)
"""


def trained(model, golden, other=""):
    """Runs the golden's steps with plain Keras, and saves; gives what TensorFlow 1.15 got."""
    arguments = [str(model), str(golden / "golden.npz"), other]
    done = subprocess.run([sys.executable, "-c", TRAIN, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return np.load(golden / "golden.npz")


def test_after_fine_tuning_weights_slots_and_powers_are_those_of_the_model(goldens, tmp_path):
    golden = goldens / "train_adam"
    model = converted(golden, tmp_path / "there")
    recorded = trained(model, golden)
    tfmigrate.convert(model, tmp_path / "back", to=("tf1",))
    was, now = open_checkpoint(golden), open_checkpoint(tmp_path / "back/tf1")
    assert set(was.variables) == set(now.variables)
    for name in ("w0", "b0", "w1", "b1"):
        np.testing.assert_allclose(now.read(name), recorded[f"after_{name}"], rtol=0, atol=1e-5)
    for name, beta in (("beta1_power", 0.9), ("beta2_power", 0.999)):
        power = was.read(name)
        for _ in recorded["train_x"]:  # as TensorFlow 1 does: one multiplication a step
            power = power * np.float32(beta)
        assert now.read(name) == power
    with KerasFile(model, stored=True) as file:  # Keras: iteration, rate, then m and v by turns
        state = [file.read(f"optimizer/vars/{number}") for number in range(2, 10)]
    assert sorted(array.tobytes() for array in state) == sorted(
        now.read(name).tobytes() for name in now.variables if "/Adam" in name
    )
    assert not np.array_equal(now.read("w0/Adam"), was.read("w0/Adam"))


def test_momentum_after_fine_tuning_is_in_the_units_of_tensorflow_1(goldens, tmp_path):
    golden = goldens / "train_momentum"
    model = converted(golden, tmp_path / "there")
    recorded = trained(model, golden)
    tfmigrate.convert(model, tmp_path / "back", to=("tf1",))
    was, now = open_checkpoint(golden), open_checkpoint(tmp_path / "back/tf1")
    with KerasFile(model, stored=True) as file:  # the learning rate, then one sum a weight
        rate, *sums = (file.read(f"optimizer/vars/{number}") for number in range(1, 6))
    momenta = [now.read(name) for name in was.variables if name.endswith("/Momentum")]
    assert len(momenta) == len(sums)
    for kept in sums:  # Keras keeps -rate times what TensorFlow 1 does
        (same,) = (m for m in momenta if m.shape == kept.shape)
        np.testing.assert_allclose(same, kept / -rate, rtol=1e-6)
    for name in ("w0", "b0", "w1", "b1"):
        np.testing.assert_allclose(now.read(name), recorded[f"after_{name}"], rtol=0, atol=1e-5)


def test_another_optimizer_keeps_the_state_of_the_source_and_says_so(goldens, tmp_path):
    golden = goldens / "train_adam"
    model = converted(golden, tmp_path / "there")
    trained(model, golden, "another optimizer")
    report = tfmigrate.convert(model, tmp_path / "back", to=("tf1",)).report
    assert ["another optimizer" in warning for warning in report["warnings"]] == [True]
    was, now = open_checkpoint(golden), open_checkpoint(tmp_path / "back/tf1")
    assert np.array_equal(now.read("b1"), was.read("b1") + np.float32(1))
    for name in set(was.variables) - {"b1"}:
        assert np.array_equal(now.read(name), was.read(name)), name


def test_a_source_that_has_moved_is_named_by_like(goldens, tmp_path):
    shutil.copytree(goldens / "train_adam", tmp_path / "here")
    model = converted(tmp_path / "here", tmp_path / "there")
    (tmp_path / "here").rename(tmp_path / "moved")
    with pytest.raises(UserError, match="needed to convert it back") as raised:
        tfmigrate.convert(model, tmp_path / "back", to=("tf1",))
    assert "--like" in raised.value.try_
    tfmigrate.convert(model, tmp_path / "back", to=("tf1",), like=tmp_path / "moved")
    was, now = open_checkpoint(tmp_path / "moved"), open_checkpoint(tmp_path / "back/tf1")
    assert all(np.array_equal(was.read(name), now.read(name)) for name in was.variables)


def test_a_model_with_other_layers_is_refused(goldens, tmp_path):
    model = converted(goldens / "train_adam", tmp_path / "there")
    weights_h5.write(tmp_path / "there/other.weights.h5", source({"a/kernel": np.ones((2, 3))}))
    with pytest.raises(UserError, match="is not a conversion of"):
        tfmigrate.convert(model.parent / "other.weights.h5", tmp_path / "back", to=("tf1",))
