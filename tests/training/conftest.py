"""Converted training cases, and a process that goes on training with them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import unpack
from tfmigrate.worker import Worker

HERE = Path(__file__).parent
Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Calls a function of ``peer.py`` by name, in its own process."""
    peer = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / "peer.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert peer.stdin is not None
    assert peer.stdout is not None

    def call(name: str, *arguments: Any) -> Any:
        pickle.dump((name, arguments), peer.stdin)
        peer.stdin.flush()
        done, answer = pickle.load(peer.stdout)
        assert done, answer
        return answer

    yield call
    peer.stdin.close()
    peer.wait(timeout=30)
    peer.stdout.close()


@pytest.fixture(scope="session")
def keras_worker() -> Iterator[Worker]:
    """Where models are built."""
    with Worker("Keras") as worker:
        yield worker


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[str], Path]:
    """A folder with one of the cases in ``data``: ``tests/tf115/make.py`` wrote them."""
    return lambda name: unpack(HERE / "data" / f"{name}.zip", tmp_path / name)
