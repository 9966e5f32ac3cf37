"""Graphs that TensorFlow 1.15 wrote (make_graphs.py), and what their programs were told."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tfmigrate.graph import Graph, read_graph

DATA = Path(__file__).parent / "data"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_text())


@pytest.fixture(scope="session")
def graph_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    with tarfile.open(DATA / "graphs.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def graph_of(graph_files: Path) -> Callable[[str], Graph]:
    return cache(lambda name: read_graph(graph_files / f"{name}.meta"))


@pytest.fixture(scope="session")
def expected() -> dict[str, dict[str, Any]]:
    return EXPECTED


@pytest.fixture(scope="session")
def tensorflow() -> Callable[..., Any]:
    """Runs a script that imports TensorFlow in a process of its own; gives back its JSON."""

    def run(script: str, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return json.loads(done.stdout)

    return run
