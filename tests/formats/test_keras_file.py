"""Keras's own files, read without Keras: the paths and the values are those of the opened model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.formats.keras_file import KerasFile

SAVE = """
import json, sys
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
inner = [keras.Input((6, 6, 4)), layers.DepthwiseConv2D(3), layers.PReLU()]
inner = keras.Sequential(inner, name="inner")
model = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(4, 3, use_bias=False, name="first"),
    layers.BatchNormalization(scale=False),
    inner,
    layers.SeparableConv2D(3, 3),
    layers.Conv2DTranspose(3, 3),
    layers.Reshape((16, 3)),
    layers.LSTM(5, return_sequences=True),
    layers.GRU(4, use_bias=False, return_sequences=True, name="my.gru"),
    layers.Bidirectional(layers.SimpleRNN(3)),
    layers.LayerNormalization(center=False),
    layers.Dense(5),
    layers.Dense(4, dtype="bfloat16"),
], name="outer")
model.compile("adam", "mse")
model.optimizer.build(model.trainable_variables)
folder = sys.argv[1]
model.save(folder + "/m.keras")
model.save_weights(folder + "/m.weights.h5")
paths = [w.path.removeprefix("outer/") for w in model.weights]
for path, w in zip(paths, model.weights):
    np.save(folder + "/" + path.replace("/", "|") + ".npy", np.asarray(w).astype("f4"))
print(json.dumps(paths))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    done = subprocess.run(
        [sys.executable, "-c", SAVE, folder],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.xdist_group("tensorflow")
def test_a_keras_file_has_the_paths_and_bits_of_the_model(saved):
    folder, paths = saved
    with KerasFile(folder / "m.keras") as file:
        assert set(file.variables) == set(paths)
        for path in paths:
            expected = np.load(folder / f"{path.replace('/', '|')}.npy")
            values = file.read(path)
            assert values.shape == file.variables[path].shape == expected.shape
            assert np.array_equal(values.astype("f4"), expected)
        assert {file.variables[p].dtype for p in paths} == {"float32", "bfloat16"}


@pytest.mark.xdist_group("tensorflow")
def test_a_weights_file_has_the_same_where_no_option_has_to_be_known(saved):
    folder, paths = saved
    with KerasFile(folder / "m.weights.h5") as file:
        unknown = {p for p in paths if p not in file.variables}
        assert len(file.variables) == len(paths)
    # gamma or beta? gamma alone or beta alone? only config.json knows.
    assert {p.rpartition("/")[0] for p in unknown} == {"batch_normalization"}


def test_a_file_that_is_none_is_one_clear_error(tmp_path):
    (tmp_path / "x.keras").write_bytes(b"PK no")
    with pytest.raises(UserError, match=r"x\.keras is not a file of Keras weights"):
        KerasFile(tmp_path / "x.keras")
    with zipfile.ZipFile(tmp_path / "y.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(UserError, match=r"y\.keras is not a file of Keras weights"):
        KerasFile(tmp_path / "y.keras")


@pytest.mark.parametrize("trick", ["external", "link", "virtual", "bomb"])
def test_a_file_that_points_outside_itself_is_refused(tmp_path, trick):
    (tmp_path / "secret").write_bytes(bytes(8))
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        if trick == "external":
            group.create_dataset("0", (2,), "f4", external=[(tmp_path / "secret", 0, 8)])
        elif trick == "link":
            group["0"] = h5py.ExternalLink(tmp_path / "other.h5", "/x")
        elif trick == "virtual":
            layout = h5py.VirtualLayout((2,), "f4")
            layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "x", (2,))
            group.create_virtual_dataset("0", layout)
        else:
            group.create_dataset("0", (1 << 40,), "f4", chunks=(1 << 20,))
    with pytest.raises(UserError, match=r"is a link|another file|no values"):
        KerasFile(path)


def test_damage_anywhere_in_a_packed_archive_is_one_clear_error(tmp_path):
    """Whatever zlib, zipfile, json or h5py make of it."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["layers/dense/vars/0"] = np.random.default_rng(0).normal(size=(40, 40))
    with zipfile.ZipFile(tmp_path / "x.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {}}))
        archive.write(tmp_path / "x.h5", "model.weights.h5")
        config, weights = archive.infolist()
    data = (tmp_path / "x.keras").read_bytes()
    starts = [config.header_offset + 50, weights.header_offset + 60]
    for at in (starts[0], starts[1], starts[1] + weights.compress_size // 2):
        damaged = data[:at] + bytes(b ^ 0x5A for b in data[at : at + 20]) + data[at + 20 :]
        (tmp_path / "y.keras").write_bytes(damaged)
        with pytest.raises(UserError, match=r"y\.keras is not a file of Keras weights"):
            KerasFile(tmp_path / "y.keras")


def test_an_array_without_a_shape_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = h5py.Empty("f4")
    with pytest.raises(UserError, match="neither a shape nor values"):
        KerasFile(tmp_path / "x.weights.h5")


@pytest.mark.parametrize("stored", [False, True])
def test_groups_in_two_places_are_refused(tmp_path, stored):
    """Ten groups that each hold the next twice are read 1,024 times otherwise, 30 without end."""
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        group = file
        for number in range(10):
            below = file.create_group(f"below/{number}")
            group["left"] = group["right"] = below
            group = below
        group["vars/0"] = np.ones(3)
    with pytest.raises(UserError, match="is in two places"):
        KerasFile(tmp_path / "x.weights.h5", stored=stored)


@pytest.mark.parametrize("stored", [False, True])
def test_a_group_in_itself_is_refused(tmp_path, stored):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["layers/dense"] = file["/"]
    with pytest.raises(UserError, match="is in two places"):
        KerasFile(tmp_path / "x.weights.h5", stored=stored)
