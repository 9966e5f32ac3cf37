"""``--export`` and ``tfmigrate export``: files of other runtimes, held against TensorFlow 1.15."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CaseOf
from interpreters import python_of, skip_without
from tfmigrate import convert
from tfmigrate.cli.main import run
from tfmigrate.cli.options import _EXPORTS
from tfmigrate.conversion.result import Conversion
from tfmigrate.verification import EXPORTS, Model, Subject
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("backends")

Workers = tuple[Worker, Worker]

# Each runs a file on an array, with nothing but the runtime, and prints the outputs.
RUN = {
    "onnx": """
import json, sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
(made,) = session.run(None, {session.get_inputs()[0].name: np.load(sys.argv[2])})
print(json.dumps(made.tolist()))
""",
    "openvino": """
import json, sys, numpy as np, openvino
compiled = openvino.compile_model(sys.argv[1] + "/model.xml", "CPU")
print(json.dumps(compiled(np.load(sys.argv[2]))[0].tolist()))
""",
    "torch": """
import json, sys, numpy as np, torch
module = torch.export.load(sys.argv[1]).module()
print(json.dumps(module(torch.from_numpy(np.load(sys.argv[2]))).tolist()))
""",
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Worker("graph") as graph, Worker("Keras") as keras:
        yield graph, keras


@pytest.fixture(scope="module")
def made(case_of: CaseOf, workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    """An MLP, exported to every format; onnx and openvino need TFMIGRATE_ONNX and the like."""
    folder = tmp_path_factory.mktemp("exported") / "out"
    exports = {kind: python_of(kind) for kind in EXPORTS}
    source = case_of("goldens/layers_batchnorm_dense").source
    return convert(source, folder, exports=exports, workers=workers, train_check=False)


def entry_of(made: Conversion, kind: str) -> dict[str, Any]:
    (entry,) = (each for each in made.report["exports"] if each["format"] == kind)
    return entry


@pytest.mark.parametrize("kind", ["litert", "tf_saved_model"])
def test_tensorflow_exports_and_runs_what_agrees(kind: str, made: Conversion) -> None:
    entry = entry_of(made, kind)
    assert made
    assert entry["verdict"] == "pass"
    assert entry["batch"] == "open"
    assert entry["batches"] == [64, 3]
    assert entry["required_tolerance"]["of_scale"] < 2e-5
    assert made.folder is not None
    assert (made.folder / entry["file"]).exists()
    assert made.report["files"][kind] == entry["file"]
    assert f"{kind} pass" in made.blocks()[-1].text


def test_the_saved_model_computes_what_tensorflow_1_did(
    made: Conversion, case_of: CaseOf, workers: Workers
) -> None:
    case = case_of("goldens/layers_batchnorm_dense")
    assert made.folder is not None
    subject = Subject(made.folder / "tf_saved_model", None)
    model = Model.open(subject, workers[1], 60)
    opened = {"inputs": ["x"], "outputs": ["output_0"]}
    (given,) = (case.arrays[f"in_{t}"] for t in case.meta["inputs"])
    (expected,) = (case.arrays[f"out_{t}"] for t in case.meta["outputs"])
    arrays = model._call({"step": "predict", **opened}, {"0": given})[1]
    np.testing.assert_allclose(arrays["0"], expected, rtol=0, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("kind", RUN)
def test_the_file_alone_computes_what_tensorflow_1_did(
    kind: str, made: Conversion, case_of: CaseOf, tmp_path: Path
) -> None:
    python, entry = skip_without(kind), entry_of(made, kind)
    assert entry["verdict"] == "pass"
    case = case_of("goldens/layers_batchnorm_dense")
    (given,) = (case.arrays[f"in_{t}"] for t in case.meta["inputs"])
    (expected,) = (case.arrays[f"out_{t}"] for t in case.meta["outputs"])
    np.save(tmp_path / "given.npy", given)
    assert made.folder is not None
    files = [str(made.folder / entry["file"]), str(tmp_path / "given.npy")]
    ran = subprocess.run(
        [python, "-c", RUN[kind], *files], capture_output=True, text=True, check=True
    )
    found = np.array(json.loads(ran.stdout.splitlines()[-1]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_what_is_not_installed_is_a_line_and_leaves_no_file(kind: str, made: Conversion) -> None:
    if python_of(kind):
        pytest.skip(f"needs an environment without {kind}")
    entry = entry_of(made, kind)
    assert entry["verdict"] == "not run"
    assert f"not installed; try pip install 'tfmigrate[{kind}]'" in entry["reason"]
    assert made.folder is not None
    assert not (made.folder / EXPORTS[kind].file).exists()
    assert not list(made.folder.glob(".*"))
    assert kind not in made.report["files"]


def test_sizes_are_fixed_where_litert_needs_it_and_a_note_says_so(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    """LiteRT has no lists of tensors, which a loop over an open batch has."""
    source, folder = case_of("goldens/lstm_dynamic").source, tmp_path / "out"
    made = convert(source, folder, exports={"litert": None}, workers=workers)
    (entry,) = made.report["exports"]
    assert entry["verdict"] == "pass"
    assert (entry["batch"], entry["batches"]) == ("1", [1])
    (note,) = entry["notes"]
    assert "the batch size is 1" in note
    assert "TensorListReserve" in note
    assert (folder / "model.tflite").is_file()


def test_a_file_that_computes_something_else_is_a_failure(
    case_of: CaseOf, workers: Workers, tmp_path: Path, capsys: Any
) -> None:
    """model.py doubles the outputs, but only where the model is exported."""
    source, folder = case_of("structure/leaky_by_absolute").source, tmp_path / "out"
    convert(source, folder, training=False, workers=workers)
    with (folder / "model.py").open("a", encoding="utf-8") as file:
        file.write(
            "\nimport sys\nif sys.argv[0].endswith('backend.py'):\n"
            "    opened = keras.models.load_model\n"
            "    def doubled(*arguments, **options):\n"
            "        model = opened(*arguments, **options)\n"
            "        return keras.Model(model.inputs, keras.ops.multiply(model.outputs[0], 2.0))\n"
            "    keras.models.load_model = doubled\n"
        )
    (tmp_path / "files").mkdir()
    place = str(tmp_path / "files")
    arguments = [str(folder / "model.py"), "--to", "tf_saved_model", "-o", place, "--json"]
    assert run(["export", *arguments]) == 1
    found = json.loads(capsys.readouterr().out)
    (entry,) = found["exports"]
    assert (entry["format"], entry["verdict"]) == ("tf_saved_model", "fail")
    assert all(output["within"] for output in found["outputs"])
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["tf_saved_model"]


@pytest.mark.skipif(importlib.util.find_spec("tf2onnx") is not None, reason="tf2onnx is here")
def test_a_format_that_cannot_be_written_is_an_error_of_export(
    made: Conversion, tmp_path: Path, capsys: Any
) -> None:
    formats = ["--to", "onnx", "--to", "torch"]
    assert run(["export", str(made.folder), "-o", str(tmp_path), *formats]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("error: not every file was written. onnx: ")
    assert "pip install 'tfmigrate[onnx]'" in said
    assert said.count("pip install 'tfmigrate[torch]'") < 2
    assert not (tmp_path / "model.onnx").exists()


def test_a_file_that_is_there_is_kept(made: Conversion, capsys: Any) -> None:
    assert run(["export", str(made.folder), "--to", "litert"]) == 2
    assert "model.tflite already exists; try --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--export", "onnx", "--keras", "tf-keras"], "--export would have no effect"),
        (["--export", "onnx", "--to", "npz"], "--export would have no effect"),
        (["--python", "onnx=/x"], "no effect without --export onnx"),
        (["--export", "onnx", "--python", "onnx=/no/such"], "try --python onnx=PATH"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], says: str, case_of: CaseOf, tmp_path: Path, capsys: Any
) -> None:
    source = str(case_of("goldens/frozen_mlp").source)
    assert run(["convert-ckpt", source, "-o", str(tmp_path / "out"), *arguments]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_model_without_a_report_needs_its_source(tmp_path: Path, capsys: Any) -> None:
    assert run(["export", str(tmp_path), "--to", "onnx"]) == 2
    assert "--source with the TensorFlow 1 source" in capsys.readouterr().err


def test_the_command_line_names_every_format() -> None:
    assert tuple(EXPORTS) == _EXPORTS
