"""docs/leaving-tensorflow.md: its code runs, in environments without TensorFlow."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from cases import CaseOf
from interpreters import skip_without
from tfmigrate.cli.main import run

PAGE = (Path(__file__).parents[2] / "docs" / "leaving-tensorflow.md").read_text("utf-8")
BACKENDS = ("torch", "jax")


def code(backend: str) -> str:
    """The blocks of the page for a backend, in order."""
    blocks = re.findall(r"<!-- run: ([\w, ]+) -->\n```python\n(.*?)```", PAGE, re.S)
    return "\n".join(text for backends, text in blocks if backend in backends.split(", "))


def test_every_block_of_python_is_run() -> None:
    assert PAGE.count("```python") == len(re.findall("<!-- run: ", PAGE))
    for backend in BACKENDS:
        assert code(backend).count("assert") >= 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_page_runs(
    backend: str, case_of: CaseOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = skip_without(backend)
    monkeypatch.chdir(tmp_path)
    command, _ = re.findall(r"^\$ (tfmigrate .*)$", PAGE, re.M)
    command = command.replace("model.ckpt", str(case_of("goldens/train_adam").source))
    _, *arguments = shlex.split(command.replace("--backend torch", f"--backend {backend}"))
    arguments = arguments[:-2]
    assert run([*arguments, "--python", f"{backend}={python}"]) == 0
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    guard = "import sys\nsys.modules['tensorflow'] = None\n"
    subprocess.run([python, "-c", guard + code(backend)], env=environment, check=True)


def test_the_model_of_the_page_is_exported(
    case_of: CaseOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = skip_without("onnx")
    monkeypatch.chdir(tmp_path)
    source = str(case_of("goldens/train_adam").source)
    assert run(["convert-ckpt", source, "-o", "model-keras", "--no-train-check"]) == 0
    _, command = re.findall(r"^\$ (tfmigrate .*)$", PAGE, re.M)
    _, *arguments = shlex.split(command)
    assert run([*arguments, "--python", f"onnx={python}"]) == 0
    guard = "import sys\nsys.modules['tensorflow'] = sys.modules['keras'] = None\n"
    subprocess.run([python, "-c", guard + code("onnx")], check=True)
