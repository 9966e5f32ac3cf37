"""``--backend``: the proof on other backends of Keras, held against what TensorFlow 1.15 wrote."""

from __future__ import annotations

import ast
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CaseOf, unpack
from interpreters import python_of, skip_without
from tfmigrate import convert, verify
from tfmigrate.cli.start import main
from tfmigrate.conversion.result import Conversion
from tfmigrate.errors import UserError
from tfmigrate.parity import Verdict
from tfmigrate.report import Notes
from tfmigrate.verification.backends import backends_blocks
from tfmigrate.worker import Worker, backend
from tfmigrate.worker.backends import BackendWorker

pytestmark = pytest.mark.xdist_group("backends")

Workers = tuple[Worker, Worker]
OTHERS = ("jax", "torch")
Converted = Callable[[str], Conversion]
# Dense layers with Adam in mid-flight, with several optimizers; convolutions; a loop over a cell;
# losses of computed sizes, and of weights, whose labels are arrays of numpy until they are cast.
MODELS = (
    "goldens/train_adam", "train/two_rates", "goldens/lenet_raw", "goldens/lstm_dynamic",
    "train/hard_examples", "train/uncertainty_weights",
)  # fmt: skip

# Plain Keras, and nothing of ours: the model goes on training over the golden steps.
GO_ON = """
import importlib.util, json, sys
import numpy as np
folder, golden, name = sys.argv[1:]
spec = importlib.util.spec_from_file_location("model", folder + "/model.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import keras
assert "tensorflow" not in sys.modules
arrays = np.load(golden)
model = keras.models.load_model(folder + "/model.keras")
made = keras.ops.convert_to_numpy(model(arrays["in_" + name], training=False))
losses = []
for x, y in zip(arrays["train_x"], arrays["train_y"]):
    model.reset_metrics()
    losses.append(float(model.train_on_batch(x, y)))
print(json.dumps({"outputs": made.tolist(), "losses": losses}))
"""

# Makes every model that Keras opens give twice its output.
DOUBLED = """
_opened = keras.models.load_model
def _doubled(*arguments, **options):
    model = _opened(*arguments, **options)
    return keras.Model(model.inputs, keras.ops.multiply(model.outputs[0], 2.0))
keras.models.load_model = _doubled
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Worker("graph") as graph, Worker("Keras") as keras:
        yield graph, keras


@pytest.fixture(scope="module")
def converted(
    case_of: CaseOf, workers: Workers, tmp_path_factory: pytest.TempPathFactory
) -> Converted:
    """Name of a case → its conversion, on every backend that is at hand, made once."""
    backends = {name: python for name in OTHERS if (python := python_of(name)) is not None}
    folder = tmp_path_factory.mktemp("converted")

    def make(case: str) -> Conversion:
        output = folder / case.replace("/", "-")
        return convert(case_of(case).source, output, backends=backends, workers=workers)

    return cache(make)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("case", MODELS)
def test_a_model_is_proved_on_another_backend(case: str, name: str, converted: Converted) -> None:
    skip_without(name)
    made = converted(case)
    (entry,) = (each for each in made.report["backends"] if each["backend"] == name)
    assert made
    assert (entry["backend"], entry["verdict"]) == (name, "pass")
    assert entry["version"]
    assert entry["keras"]
    assert ("training" in entry) == (made.report["training"] is not None)
    (table,) = [b for b in made.blocks() if getattr(b, "columns", [""])[0] == "backend"]
    assert name in [row[0] for row in table.rows]


@pytest.mark.parametrize("name", OTHERS)
def test_an_embedding_trains_on_where_gradients_are_whole_arrays(
    name: str, workers: Workers, tmp_path: Path
) -> None:
    """TF1's momentum leaves the rows that a batch does not name, and their slots, alone."""
    python = skip_without(name)
    archive = Path(__file__).parents[1] / "training" / "data" / "train_embedding_momentum.zip"
    source = unpack(archive, tmp_path / "case")
    made = convert(source, tmp_path / "out", backends={name: python}, workers=workers)
    (entry,) = made.report["backends"]
    assert entry["verdict"] == "pass"
    assert len(entry["training"]["losses"]) == 3
    assert entry["training"]["required_tolerance"]["of_scale"] < 2e-6
    assert "import tensorflow" not in (tmp_path / "out" / "model.py").read_text("utf-8")


@pytest.mark.parametrize("name", OTHERS)
def test_training_goes_on_without_tensorflow(
    name: str, converted: Converted, case_of: CaseOf
) -> None:
    python, case = skip_without(name), case_of("goldens/train_adam")
    golden, folder = str(case.folder / "golden.npz"), converted("goldens/train_adam").folder
    run = subprocess.run(
        [python, "-c", GO_ON, str(folder), golden, "x:0"],
        env={**os.environ, "KERAS_BACKEND": name, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout.splitlines()[-1])
    np.testing.assert_allclose(found["outputs"], case.arrays["out_logits:0"], atol=1e-5)
    np.testing.assert_allclose(found["losses"], case.arrays["train_losses"], rtol=5e-6)


def test_another_result_on_a_backend_is_a_failure(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    """The backend is TensorFlow, whose model.py multiplies by 2 there alone."""
    case = case_of("structure/leaky_by_absolute")
    folder = tmp_path / "out"
    convert(case.source, folder, training=False, workers=workers)
    code = folder / "model.py"
    there = "import sys\nif sys.argv[0].endswith('backend.py'):\n"
    lines = DOUBLED.strip().splitlines()
    with code.open("a", encoding="utf-8") as file:
        file.write("\n" + there + "".join(f"    {line}\n" for line in lines))
    result = verify(case.source, code, backends={"tensorflow": None}, workers=workers)
    (on,) = result.backends
    assert on.verdict is Verdict.FAIL
    assert not result
    assert result.exit_status() == 1


def test_a_backend_that_is_missing_is_a_line_and_no_failure(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'No module named keras' >&2\nexit 1\n")
    program.chmod(0o755)
    source = case_of("goldens/frozen_mlp").source
    made = convert(source, tmp_path / "out", backends={"torch": program}, workers=workers)
    (entry,) = made.report["backends"]
    assert made
    assert entry["verdict"] == "not run"
    assert "cannot run Keras on torch" in entry["reason"]
    assert "--python torch=PATH" in entry["reason"]
    assert "not run on torch" in made.blocks()[-1].text


# Modules that do what the program asks of Keras and of torch before it says what runs.
STAND_INS = {
    "torch.py": "from unittest import mock\n__version__ = '2'\n__getattr__ = mock.MagicMock()\n",
    "keras.py": "import os\nfrom unittest import mock\n__version__, config = '3.15', mock.Mock()\n"
    "backend = mock.Mock(backend=mock.Mock(return_value=os.environ['KERAS_BACKEND']))\n",
}


@pytest.mark.parametrize(
    ("script", "keras", "says"),
    [
        ("export KERAS_BACKEND=jax", "", None),
        ("", "backend.backend.return_value = 'jax'", "Keras there computes on jax"),
        ("", "__version__ = '2.15.0'", "Keras 2.15.0 is there, and it has to be Keras 3"),
        ("echo Welcome to the cluster", "", "wrote something else than the answer"),
    ],
)
def test_an_interpreter_runs_the_backend_it_is_asked_for_or_says_why_not(
    script: str, keras: str, says: str | None, tmp_path: Path
) -> None:
    for name, text in STAND_INS.items():
        (tmp_path / name).write_text(text + keras * (name == "keras.py"))
    program = tmp_path / "python"
    path = f"export PYTHONPATH={shlex.quote(str(tmp_path))}"
    program.write_text(f'#!/bin/sh\n{script}\n{path}\nexec {shlex.quote(sys.executable)} "$@"\n')
    program.chmod(0o755)
    with BackendWorker("torch", str(program), called="other") as worker:
        if says is None:
            assert worker.versions(60)["backend"] == "torch"
        else:
            with pytest.raises(UserError, match=says) as refused:
                worker.versions(60)
            assert str(refused.value.try_).startswith("--python other=PATH")


def test_a_note_on_two_backends_is_said_once() -> None:
    entry = {"backend": "jax", "verdict": "pass", "notes": ["a note"]}
    _, notes = backends_blocks([entry, {**entry, "backend": "torch"}])
    assert isinstance(notes, Notes)
    assert list(notes.lines) == ["a note"]


def test_the_variable_names_the_usual_backends(
    case_of: CaseOf, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    source, tf1 = case_of("goldens/frozen_mlp").source, tmp_path / "saved"
    monkeypatch.setenv("TFMIGRATE_BACKENDS", f"torch={program}")
    made = convert(source, tmp_path / "out", workers=workers)
    assert [entry["backend"] for entry in made.report["backends"]] == ["torch"]
    assert [on.backend for on in verify(source, tmp_path / "out", workers=workers).backends] == [
        "torch"
    ]
    convert(source, tf1, to=["saved_model"], workers=workers)  # only TensorFlow runs it
    assert not verify(source, tf1, workers=workers).backends
    assert not verify(source, tmp_path / "out", backends={}, workers=workers).backends
    for wrong, says in (
        ("torch numpy", "TFMIGRATE_BACKENDS is 'torch numpy'"),
        ("torch='/a", "TFMIGRATE_BACKENDS is"),
        ("torch=/no/such", "no program /no/such for the backend torch"),
    ):
        monkeypatch.setenv("TFMIGRATE_BACKENDS", wrong)
        with pytest.raises(UserError, match=says):
            convert(source, tmp_path / "other", workers=workers)


def test_a_model_that_differs_is_not_tried_on_backends_and_says_so(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    source, code = case_of("structure/leaky_by_absolute").source, tmp_path / "out" / "model.py"
    convert(source, code.parent, training=False, workers=workers)
    with code.open("a", encoding="utf-8") as file:
        file.write(DOUBLED)
    result = verify(source, code, backends={"tensorflow": None})  # Keras stays changed there
    (on,) = result.backends
    assert result.verdict is Verdict.FAIL
    assert on.verdict is Verdict.NOT_RUN
    assert "not run on tensorflow" in result.blocks()[-1].text


def test_a_lifted_model_says_that_only_tensorflow_runs_it(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    source, options = case_of("goldens/frozen_mlp").source, {"backends": {"jax": None}}
    with pytest.raises(UserError, match="only TensorFlow runs"):
        convert(source, tmp_path / "a", to=["saved_model"], workers=workers, **options)
    convert(source, tmp_path / "b", to=["saved_model"], workers=workers)
    with pytest.raises(UserError, match="only TensorFlow runs"):
        verify(source, tmp_path / "b", workers=workers, **options)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--python", "jax=/x"], "no effect without --backend jax"),
        (["--backend", "jax", "--python", "numpy=/x"], "NAME=PATH"),
        (["--backend", "jax", "--python", "jax=/no/such"], "no program /no/such"),
        (["--backend", "jax", "--keras", "tf-keras"], "only TensorFlow runs"),
        (["--backend", "jax", "--to", "npz"], "--backend would have no effect"),
        (["--device", "gpu"], "--device gpu is the device of other backends"),
        (["--device", "tpu", "--backend", "tensorflow"], "--device is tpu; expected cpu, gpu"),
        (["--precision", "bfloat16"], "--precision bfloat16 is measured on a --backend"),
        (["--precision", "tf32", "--backend", "jax"], "TF32 is a precision of NVIDIA GPUs"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], says: str, case_of: CaseOf, tmp_path: Path, capsys: Any
) -> None:
    source = str(case_of("goldens/frozen_mlp").source)
    with pytest.raises(SystemExit) as ended:
        main(["convert-ckpt", source, "-o", str(tmp_path / "out"), *arguments])
    assert ended.value.code == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="there is a GPU")
def test_without_a_gpu_the_row_says_so(case_of: CaseOf, workers: Workers, tmp_path: Path) -> None:
    source = case_of("goldens/frozen_mlp").source
    backends = {"tensorflow": None}
    made = convert(source, tmp_path / "out", backends=backends, device="gpu", workers=workers)
    (entry,) = made.report["backends"]
    assert made
    assert entry["verdict"] == "not run"
    assert "tensorflow sees no GPU" in entry["reason"]


def test_a_lower_precision_is_measured_and_not_judged(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    source, backends = case_of("goldens/train_adam").source, {"tensorflow": None}
    options = {"backends": backends, "precisions": ["bfloat16"], "workers": workers}
    made = convert(source, tmp_path / "out", **options)
    (entry,) = made.report["backends"]
    (lower,) = entry["precisions"]
    assert made
    assert entry["verdict"] == "pass"
    (exact,), (rounded,) = entry["outputs"], lower["outputs"]
    assert exact["max_abs"] < 2e-6 * exact["scale"]
    assert 2**-10 < rounded["max_abs"] / rounded["scale"] < 2**-5  # bfloat16 keeps 8 bits
    assert lower["training"]["max_loss_difference"] > 10 * entry["training"]["max_loss_difference"]
    assert "in bfloat16" in str([block for block in made.blocks() if hasattr(block, "rows")])


def test_the_program_needs_no_package_but_keras_and_numpy() -> None:
    """It runs in interpreters that have nothing of ours."""
    beside = Path(backend.__file__).with_name
    files = [beside(name) for name in ("backend.py", "keras_model.py", "fit.py")]
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not node.level
                names.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
    assert names <= {*sys.stdlib_module_names, "keras", "numpy"}


@pytest.mark.parametrize("name", ["tensorflow", *OTHERS])
def test_a_gpu_that_a_backend_does_not_see_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = sys.executable if name == "tensorflow" else skip_without(name)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with (
        BackendWorker(name, python, "gpu") as worker,
        pytest.raises(UserError, match=f"{name} sees no GPU"),
    ):
        worker.versions(300)


def test_a_model_of_strings_stays_on_tensorflow(
    case_of: CaseOf, workers: Workers, tmp_path: Path
) -> None:
    python = python_of("jax") or python_of("torch")
    if python is None:
        pytest.skip("needs jax or torch")
    name = "jax" if python == python_of("jax") else "torch"
    source = case_of("structure/string_table_asset").source
    made = convert(source, tmp_path / "out", backends={name: python}, workers=workers)
    (entry,) = made.report["backends"]
    assert made
    assert entry["verdict"] == "not run"
    assert "strings" in entry["reason"]
