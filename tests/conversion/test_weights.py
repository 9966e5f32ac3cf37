"""Which weights go where: moving averages, models of the user's, Keras 2, and the way back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.cli.main import run
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError
from tfmigrate.formats.keras_file import KerasFile

pytestmark = pytest.mark.xdist_group("tensorflow")

SHADOW = "/ExponentialMovingAverage"
MINE = """
import keras

def build():
    return keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(5, name="first"), keras.layers.Dense(2, name="last")]
    )
"""
IN_KERAS_2 = """
import sys
import numpy as np
import tf_keras
sys.path.insert(0, sys.argv[1])
import model
opened = tf_keras.models.load_model(sys.argv[1] + "/model.keras", compile=False)
golden = np.load(sys.argv[2])
given = golden["in_" + sys.argv[3]]
fresh = model.build_model()
fresh.set_weights(opened.get_weights())
made = [np.asarray(m(given, training=False)) for m in (opened, fresh)]
assert "tfmigrate" not in sys.modules
assert made[0].tobytes() == made[1].tobytes()
wanted = golden["out_" + sys.argv[4]]
assert np.abs(made[0] - wanted).max() <= 2e-5 * np.abs(wanted).max()
"""


@pytest.fixture
def golden(goldens: Path) -> Path:
    """A checkpoint with an EMA shadow of each of its weights, and its graph."""
    return goldens / "ema_shadow"


@pytest.mark.parametrize("ema", ["raw", "prefer"])
def test_moving_averages_stand_in_for_their_weights_where_asked(ema, golden, tmp_path):
    result = convert(golden, tmp_path / "out", ema=ema)
    assert result
    fates = {v["name"]: v for v in result.report["variables"]}
    stored = open_checkpoint(golden)
    with KerasFile(tmp_path / "out" / "model.keras") as weights:
        for name in ("a/kernel", "a/bias", "b/kernel", "b/bias"):
            used, other = name, name + SHADOW
            if ema == "prefer":
                used, other = other, used
            assert fates[used]["fate"] == "converted"
            assert fates[other]["fate"] == "skipped"
            assert "average" in fates[other]["reason"]
            value = weights.read(fates[used]["path"])
            assert value.tobytes() == stored.read(used).tobytes()
            assert value.tobytes() != stored.read(other).tobytes()
    (note,) = (note for note in result.report["notes"] if "averages" in note)
    assert ("--ema prefer" in note) == (ema == "raw")


def test_moving_averages_go_into_a_model_of_ones_own_too(golden, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    model, map_path = f"{tmp_path}/mine.py:build", tmp_path / "map.toml"
    write = ["--model", model, "--write-map", str(map_path)]
    assert run(["convert-ckpt", str(golden), *write]) == 0
    result = convert(golden, tmp_path / "out", model=model, map=map_path, ema="prefer")
    assert result.report["outcome"] == "keras"
    with KerasFile(tmp_path / "out" / "model.keras") as weights:
        first = weights.read("first/kernel")
    shadow = open_checkpoint(golden).read(f"a/kernel{SHADOW}")
    assert np.array_equal(first, shadow)

    back = convert(tmp_path / "out" / "model.keras", tmp_path / "back", to=["tf1"])
    assert back.report["files"] == {"tf1": "tf1"}
    again = open_checkpoint(tmp_path / "back" / "tf1")
    assert np.array_equal(again.read(f"a/kernel{SHADOW}"), shadow)


def test_what_does_not_fit_a_model_of_ones_own_is_listed_whole(golden, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(MINE.replace("Dense(5", "Dense(7"))
    out = tmp_path / "out"
    model = ["--model", f"{tmp_path}/mine.py:build", "-o", str(out)]
    assert run(["convert-ckpt", str(golden), *model]) == 2
    said = capsys.readouterr().err
    assert "8 mismatches" in said
    for path in ("first/kernel [6, 7]", "first/bias [7]", "last/kernel [7, 2]", "last/bias [2]"):
        assert f"{path} is not set" in said
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("name", ["layers_mlp_activations", "lenet_raw", "resnet_block"])
def test_a_model_for_keras_2_opens_there_and_computes_the_same(name, goldens, tmp_path):
    case = goldens / name
    result = convert(case, tmp_path / "out", keras="tf-keras")
    assert result
    assert "import tf_keras as keras" in (tmp_path / "out" / "model.py").read_text()
    (given,), (made,) = result.report["inputs"], result.report["outputs"]
    arguments = [str(tmp_path / "out"), str(case / "golden.npz"), given["tensor"], made["tensor"]]
    done = subprocess.run(
        [sys.executable, "-c", IN_KERAS_2, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_weights_beside_a_model_are_those_it_loads(goldens, tmp_path):
    out = tmp_path / "out"
    result = convert(goldens / "softmax_regression", out, to=["keras", "weights"])
    assert result.report["files"]["weights"] == "model.weights.h5"
    with KerasFile(out / "model.keras") as model, KerasFile(out / "model.weights.h5") as weights:
        assert list(weights.variables) == list(model.variables)
        for name in weights.variables:
            assert np.array_equal(weights.read(name), model.read(name))


def test_what_keras_2_cannot_express_is_named(goldens, tmp_path):
    missing = r"tf-keras cannot build the model: it has no keras\.ops\.mean"
    with pytest.raises(UserError, match=missing):
        convert(goldens / "partitioned", tmp_path / "out", keras="tf-keras")
    assert list(tmp_path.iterdir()) == []


def test_a_saved_model_is_made_where_asked(goldens, tmp_path):
    case = goldens / "train_sgd"
    result = convert(case, tmp_path / "out", to=["saved_model", "npz"])
    assert result
    assert result.report["outcome"] == "lifted"
    assert (tmp_path / "out" / "saved_model" / "saved_model.pb").is_file()
    with np.load(tmp_path / "out" / "weights.npz") as written:
        assert set(written.files) == set(open_checkpoint(case).variables)


def test_the_weights_of_a_frozen_graph_are_written_alone(goldens, tmp_path):
    case = goldens / "frozen_mlp"
    convert(case / "frozen.pb", tmp_path / "model")
    convert(case / "frozen.pb", tmp_path / "out", to=["npz"])
    with (
        KerasFile(tmp_path / "model" / "model.keras") as weights,
        np.load(tmp_path / "out" / "weights.npz") as written,
    ):
        assert sorted(written[n].tobytes() for n in written.files) == sorted(
            weights.read(n).tobytes() for n in weights.variables
        )
