"""A checkpoint of TF1 in a model the user has: it computes what TF1 computed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.errors import UserError
from tfmigrate.mapping import (
    ENVIRONMENT,
    MappingError,
    UserModel,
    propose,
    read_map,
    resolve,
    write_map,
)
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("tensorflow")

MODEL = '''
from tensorflow import keras

import neighbor


def lstm():
    """The user's own names, and layers made in another order than they are called."""
    head = keras.layers.Dense(4, name="classes")
    inputs = keras.Input(neighbor.SHAPE)
    states = keras.layers.LSTM(10, name="memory")(inputs)
    return keras.Model(inputs, head(states))


def other_head():
    inputs = keras.Input(neighbor.SHAPE)
    return keras.Model(inputs, keras.layers.Dense(7)(keras.layers.LSTM(10)(inputs)))


def unbuilt():
    return keras.Sequential([keras.layers.Dense(3)])


def broken():
    return 1 / 0


class Text:
    weights = "kernel"


def text():
    return Text()


def numbers():
    model = Text()
    model.weights = [1, 2]
    return model


class Raising:
    @property
    def weights(self):
        raise ValueError("not yet")


def raising():
    return Raising()


def none():
    pass
'''

PREDICT = """
import sys, keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
with np.load(sys.argv[2]) as golden:
    np.save(sys.argv[3], model.predict(golden[sys.argv[4]], verbose=0))
"""


@pytest.fixture(scope="module")
def worker():
    with Worker("model", environment=ENVIRONMENT) as worker:
        yield worker


@pytest.fixture
def model_file(tmp_path):
    (tmp_path / "mine.py").write_text(MODEL)
    (tmp_path / "neighbor.py").write_text("SHAPE = (7, 6)\n")
    return tmp_path / "mine.py"


def test_an_lstm_goes_into_the_users_own_model_by_a_proposed_map(
    goldens, tmp_path, worker, model_file
):
    golden = goldens / "lstm_dynamic"
    checkpoint = open_checkpoint(golden)
    model = UserModel(worker, f"{model_file}:lstm")
    proposal = propose(checkpoint.variables, model.variables)
    (tmp_path / "map.toml").write_text(write_map(proposal, checkpoint.variables, "lstm"))
    plan = resolve(read_map(tmp_path / "map.toml"), checkpoint.variables, model.variables)
    model.load(plan, checkpoint, keras=tmp_path / "out.keras")
    with np.load(golden / "golden.npz") as arrays:
        (fed,) = [key for key in arrays.files if key.startswith("in_")]
        (expected,) = [arrays[key] for key in arrays.files if key.startswith("out_")]
    subprocess.run(
        [sys.executable, "-c", PREDICT, tmp_path / "out.keras", golden / "golden.npz",
         tmp_path / "y.npy", fed],
        check=True,
        capture_output=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert np.abs(np.load(tmp_path / "y.npy") - expected).max() < 1e-6


def test_another_number_of_classes_is_named(goldens, worker, model_file):
    checkpoint = open_checkpoint(goldens / "lstm_dynamic")
    model = UserModel(worker, f"{model_file}:other_head")
    with pytest.raises(
        MappingError, match="number of classes or units: 4 in the checkpoint, 7 in the model"
    ):
        resolve(None, checkpoint.variables, model.variables)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("unbuilt", "model without weights"),
        ("broken", r"mine.py:broken, line \d+ failed: ZeroDivisionError"),
        ("none", "returns a NoneType; expected a Keras model"),
        ("missing", "no function missing"),
        ("text", "returns a Text whose weights are no list; expected a Keras model"),
        ("numbers", "mine.py:numbers failed: AttributeError"),
        ("raising", r"mine.py:raising, line \d+ failed: ValueError: not yet"),
    ],
)
def test_a_function_that_gives_no_model_is_one_clear_error(worker, model_file, function, words):
    with pytest.raises(UserError, match=words):
        UserModel(worker, f"{model_file}:{function}")


@pytest.mark.parametrize("spec", ["mine.py", "mine:f", "nowhere.py:f", ":"])
def test_a_spec_that_is_none_is_refused_before_anything_runs(worker, spec):
    with pytest.raises(UserError, match=r"FILE\.py:FUNCTION"):
        UserModel(worker, spec)
