"""The commands and programs of tutorials and how-tos, in order, as a reader runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import CaseOf
from tfmigrate.cli.main import run

from .pages import PAGES, commands

pytestmark = [
    pytest.mark.xdist_group("page-commands"),
    pytest.mark.skipif(
        "TFMIGRATE_LONG" not in os.environ, reason="takes long (TFMIGRATE_LONG=1 runs it)"
    ),
]

# The page → the packed case that is its model.ckpt.
CASES = {
    "first-comparison": "",
    "first-conversion": "",
    "no-source": "goldens/train_adam",
    "failed": "goldens/train_adam",
    "lifted": "structure/op_without_keras",
    "resume": "goldens/train_adam",
    "maps": "goldens/train_adam",
    "json": "goldens/train_adam",
    "python": "",
}
MINE = """
import keras


def build():
    layers = [keras.Input((20,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(5)]
    return keras.Sequential(layers)
"""


def programs(page: str) -> list[str]:
    return re.findall(r"<!-- run: [\w-]+ -->\n```python\n(.*?)```", page, re.S)


def test_every_page_with_commands_is_run() -> None:
    elsewhere = {"README.md", "docs/converting.md", "docs/leaving-tensorflow.md"}
    found = {name for name, page in PAGES.items() if commands(page) or programs(page)}
    assert found - elsewhere - {"docs/backends.md"} == {f"docs/{name}.md" for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_a_page_does_what_it_says(
    name: str,
    case_of: CaseOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    if case := CASES[name]:
        for file in case_of(case).folder.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        examples = np.random.default_rng(0).normal(size=(8, 20)).astype(np.float32)
        np.savez(tmp_path / "examples.npz", x=examples)
        if name == "failed":
            assert run(["convert-ckpt", "model.ckpt", "-o", "model-keras", "-q"]) == 0
        if name == "maps":
            assert run(["convert-ckpt", "model.ckpt", "-o", "model-keras", "-q"]) == 0
    page = PAGES[f"docs/{name}.md"]
    for command, *arguments in commands(page):
        force = ["--force"] if command in ("convert-ckpt", "run") else []
        assert run([command, *arguments, *force]) == 0, capfd.readouterr().err
    told = capfd.readouterr()
    assert "Training is not carried over" not in told.out
    for program in programs(page):
        subprocess.run([sys.executable, "-c", program], check=True)
