"""tf1 and tf2 folders and .weights.h5: TensorFlow and Keras themselves restore them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tensor_sources import same, source, tensors
from tfmigrate.checkpoint.reader import open_checkpoint
from tfmigrate.formats import tf1, tf2, weights_h5

ANY_FOLDER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=30,
)
ARRAYS = {
    "w0": np.arange(6, dtype="f4").reshape(2, 3),
    "scope/dense/kernel": np.arange(4, dtype="f8").reshape(2, 2),
    "scope/dense/kernel/Adam": np.ones((2, 2)),
    "scope/a.b": np.array(7, "i8"),
    "save": np.array(True),
}

RESTORE = """
import sys
import numpy as np
import tensorflow as tf

folder, npz = sys.argv[1:]
expected = dict(np.load(npz))
flat = {name: tf.Variable(tf.zeros_like(a)) for name, a in expected.items()}
status = tf.train.Checkpoint(**flat).restore(tf.train.latest_checkpoint(folder))
status.assert_consumed()
for name, variable in flat.items():
    assert np.array_equal(variable.numpy(), expected[name]), name

class Dense(tf.Module):
    def __init__(self):
        self.kernel = tf.Variable(tf.zeros((2, 2), tf.float64))

tree = tf.train.Checkpoint(scope=tf.train.Checkpoint(dense=Dense()))
tree.restore(folder + "/model.ckpt").expect_partial().assert_existing_objects_matched()
assert np.array_equal(tree.scope.dense.kernel.numpy(), expected["scope/dense/kernel"])

with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    variable = tf.compat.v1.get_variable("w0", (2, 3))
    tf.compat.v1.train.Saver([variable]).restore(session, folder + "/model.ckpt")
    assert np.array_equal(session.run(variable), expected["w0"])
"""


def python(code: str, *arguments: object, interpreter: str = sys.executable) -> str:
    """Runs code in a process of its own; its output."""
    done = subprocess.run(
        [interpreter, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.xdist_group("tensorflow")
def test_tensorflow_2_restores_by_object_by_name_and_through_a_saver(tmp_path):
    tf2.write(tmp_path / "out", source(ARRAYS))
    np.savez(tmp_path / "x.npz", **ARRAYS)
    python(RESTORE, tmp_path / "out", tmp_path / "x.npz")


@ANY_FOLDER
@given(tensors)
def test_every_bit_and_every_name_comes_back_from_tf2(tmp_path, given_arrays):
    fates = tf2.write(tmp_path / "out", source(given_arrays), force=True)
    checkpoint = open_checkpoint(tmp_path / "out")
    assert checkpoint.object_based
    for fate in fates:
        if fate.fate == "skipped":
            assert fate.name.startswith("\0")
        else:
            assert same(checkpoint.read(fate.target), given_arrays[fate.name])


@ANY_FOLDER
@given(tensors)
def test_every_bit_and_every_name_comes_back_from_tf1(tmp_path, given_arrays):
    fates = tf1.write(tmp_path / "out", source(given_arrays), force=True)
    checkpoint = open_checkpoint(tmp_path / "out")
    kept = [f.name for f in fates if f.fate == "converted"]
    assert set(checkpoint.variables) == set(kept)
    assert all(same(checkpoint.read(name), given_arrays[name]) for name in kept)
    assert all(f.reason for f in fates if f.fate == "skipped")


SAVER = """
import sys
import numpy as np
import tensorflow as tf

assert tf.__version__.startswith("1."), tf.__version__
prefix, npz = sys.argv[1:]
expected = dict(np.load(npz))
variables = {n: tf.Variable(np.zeros_like(a), name=n) for n, a in expected.items()}
with tf.Session() as session:
    tf.train.Saver(variables).restore(session, prefix)
    for name, variable in variables.items():
        value = session.run(variable)
        assert value.dtype == expected[name].dtype and np.array_equal(value, expected[name]), name
"""


@pytest.mark.xdist_group("tensorflow")
def test_the_saver_of_tensorflow_1_restores_tf1(tmp_path, tf1_python):
    tf1.write(tmp_path / "out", source(ARRAYS))
    np.savez(tmp_path / "x.npz", **ARRAYS)
    python(SAVER, tmp_path / "out/model.ckpt", tmp_path / "x.npz", interpreter=tf1_python)


WEIGHTS = [
    ("conv2d", "kernel", (3, 3, 1, 2)),
    ("conv2d", "bias", (2,)),
    ("batch_normalization", "gamma", (2,)),
    ("batch_normalization", "beta", (2,)),
    ("batch_normalization", "moving_mean", (2,)),
    ("batch_normalization", "moving_variance", (2,)),
    ("separable_conv2d", "depthwise_kernel", (3, 3, 2, 1)),
    ("separable_conv2d", "pointwise_kernel", (1, 1, 2, 3)),
    ("separable_conv2d", "bias", (3,)),
    ("dense", "kernel", (48, 5)),
    ("dense", "bias", (5,)),
    ("dense_1", "kernel", (5, 4)),
    ("dense_1", "bias", (4,)),
    ("layer_normalization", "gamma", (4,)),
    ("layer_normalization", "beta", (4,)),
]

LOAD_WEIGHTS = """
import json, sys
import keras
import numpy as np

model = keras.Sequential([
    keras.Input((8, 8, 1)),
    keras.layers.Conv2D(2, 3),
    keras.layers.BatchNormalization(),
    keras.layers.SeparableConv2D(3, 3),
    keras.layers.Flatten(),
    keras.layers.Dense(5),
    keras.layers.Dense(4),
    keras.layers.LayerNormalization(),
])
model.load_weights(sys.argv[1])
for path, w in zip(json.loads(sys.argv[3]), model.weights, strict=True):
    assert w.path.endswith(path), (w.path, path)
np.savez(sys.argv[2], *[np.asarray(w) for w in model.weights])
"""


@pytest.mark.xdist_group("tensorflow")
def test_a_keras_model_with_those_layers_loads_the_weights(tmp_path):
    rng = np.random.default_rng(0)
    # TF1 names them as it likes, and a checkpoint sorts them by name.
    scopes = {"dense": "zz/dense_9", "dense_1": "zz/dense_10"}
    arrays = {
        f"{scopes.get(layer, layer)}/{leaf}": rng.random(shape, "f4")
        for layer, leaf, shape in WEIGHTS
    }
    expected = list(arrays.values())
    weights_h5.write(tmp_path / "x.weights.h5", source(dict(sorted(arrays.items()))))
    paths = json.dumps([f"{layer}/{leaf}" for layer, leaf, _ in WEIGHTS])
    python(LOAD_WEIGHTS, tmp_path / "x.weights.h5", tmp_path / "y.npz", paths)
    with np.load(tmp_path / "y.npz") as loaded:
        assert all(same(loaded[f"arr_{i}"], a) for i, a in enumerate(expected))
