"""The whole pipeline by its public door: what it writes, what it says, what it refuses."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError
from tfmigrate.verification import verify

OPEN_PLAINLY = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("model", sys.argv[1] + "/model.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import keras
model = keras.models.load_model(sys.argv[1] + "/model.keras")
assert not any(name.split(".")[0] == "tfmigrate" for name in sys.modules)
print([variable.path for variable in model.variables + model.optimizer.variables])
"""


@pytest.fixture(scope="module")
def without_graph(goldens: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a small unnamed mlp, its graph taken away."""
    folder = tmp_path_factory.mktemp("without")
    for file in (goldens / "mlp_unnamed_dropout").glob("model.ckpt.[id]*"):
        shutil.copy(file, folder)
    return folder / "model.ckpt"


def test_a_checkpoint_becomes_a_model_that_plain_keras_opens(goldens: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stages: list[str] = []
    result = convert(
        goldens / "train_adam" / "model.ckpt",
        out,
        on_event=lambda event: stages.extend([event["stage"]] if "stage" in event else []),
    )
    assert result
    assert stages == ["planning", "building", "comparing", "comparing training", "done"]
    assert sorted(file.name for file in out.iterdir()) == ["model.keras", "model.py", "report.json"]
    report = json.loads((out / "report.json").read_text())
    assert report == result.to_dict()
    assert report["outcome"] == "keras"
    assert report["parity"]["verdict"] == "pass"
    assert report["parity"]["examples"] == 64
    fates = {v["name"]: (v["role"], v["fate"]) for v in report["variables"]}
    assert fates["w0"] == ("weight", "converted")
    assert fates["beta1_power"] == ("bookkeeping", "skipped")
    assert all(v["reason"] for v in report["variables"] if v["fate"] == "skipped")
    done = subprocess.run(
        [sys.executable, "-c", OPEN_PLAINLY, str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    paths = done.stdout
    told = [v["path"] for v in report["variables"] if v["target"]]
    assert told
    assert all(f"'{path}'" in paths for path in told)


def test_an_output_that_is_there_is_kept_without_force(goldens: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="already exists; try --force"):
        convert(goldens / "train_adam" / "model.ckpt", tmp_path / "out")


def test_without_a_graph_and_without_a_name_the_variables_alone_are_written(
    without_graph: Path, tmp_path: Path
) -> None:
    result = convert(without_graph, tmp_path / "out")
    assert not result
    assert result.report["outcome"] == "variables"
    written = np.load(tmp_path / "out" / "weights.npz")
    assert {v["target"] for v in result.report["variables"]} == set(written.files)


def test_without_a_graph_the_name_of_a_system_makes_a_model_that_nothing_proves(
    without_graph: Path, tmp_path: Path
) -> None:
    result = convert(without_graph, tmp_path / "out", model="mlp")
    assert not result
    assert result.verdict == "not proved"
    assert result.exit_status() == 3
    assert result.exit_status(allow_unproved=True) == 0
    assert "the original cannot run" in str(result)
    assert "To prove it: put model.ckpt.meta next to" in str(result)
    assert result.report["outcome"] == "keras"
    assert [o["tensor"] for o in result.report["outputs"]] == ["logits:0"]


def test_formats_alone_need_no_tensorflow(goldens: Path, tmp_path: Path) -> None:
    result = convert(goldens / "dtypes" / "model.ckpt", tmp_path / "out", to=["npz", "safetensors"])
    assert set(result.report["files"]) == {"npz", "safetensors"}
    assert (tmp_path / "out" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": ["h5"]}, "there is no format 'h5'"),
        ({"model": "mlq"}, "there is no model 'mlq'"),
        ({"outputs": ["nowhere"]}, "nowhere"),
    ],
)
def test_what_is_not_there_is_named(
    options: dict[str, object], message: str, goldens: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        convert(
            goldens / "train_sgd" / "model.ckpt",
            tmp_path / "out",
            **options,  # type: ignore[arg-type]
        )
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_writes_nothing(goldens: Path, tmp_path: Path) -> None:
    result = convert(goldens / "train_sgd" / "model.ckpt", tmp_path / "out", dry_run=True)
    assert result.report["parity"]["verdict"] == "not run"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "darienmt__intro-to-tensorflow/model.ckpt",  # a tutorial on saving
        "darienmt__intro-to-tensorflow/model_names.ckpt",
        "bsivanantham__word2vec/model.ckpt",  # half of a model
    ],
)
def test_a_graph_without_a_network_gives_variables(path: str, shared: Path, tmp_path: Path) -> None:
    result = convert(shared / "corpus" / path, tmp_path / "out")
    assert result.report["outcome"] == "variables"
    assert any("contains no network" in note for note in result.report["notes"])
    written = np.load(tmp_path / "out" / "weights.npz")
    assert {v["target"] for v in result.report["variables"]} == set(written.files)


def test_what_is_no_network_is_refused(shared: Path, tmp_path: Path) -> None:
    source = shared / "corpus" / "tensorflow__serving/saved_model_counter/00000123"
    with pytest.raises(UserError, match="counter:0 does not depend on any input"):
        convert(source, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_keras_json_says_does_not_matter(
    goldens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    settings = {"floatx": "float64", "image_data_format": "channels_first", "backend": "theano"}
    (home / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("KERAS_HOME", str(home))
    result = convert(goldens / "lenet_raw" / "model.ckpt", tmp_path / "out")
    assert result.report["outcome"] == "keras"
    assert result


STATE_OF_16_ROWS = """
import sys
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
x = tf.placeholder(tf.float32, [None, 4], name="x")
weights = tf.constant(np.random.RandomState(0).randn(7, 3).astype("f4"))
state = tf.tanh(tf.matmul(tf.concat([x, tf.zeros([16, 3])], 1), weights))
tf.tanh(tf.matmul(tf.concat([x, state], 1), weights), name="state")
with open(sys.argv[1], "wb") as file:
    file.write(tf.get_default_graph().as_graph_def().SerializeToString())
"""


def test_as_many_examples_are_run_as_a_state_in_the_graph_has_rows(tmp_path: Path) -> None:
    graph, out = tmp_path / "graph.pb", tmp_path / "out"
    subprocess.run([sys.executable, "-c", STATE_OF_16_ROWS, str(graph)], check=True)
    result = convert(graph, out)
    assert result.report["outcome"] == "keras"
    assert result.report["parity"]["examples"] == 16
    assert result
    assert verify(graph, out).examples == 16
