"""Checkpoints with known faults, written for these tests; texts that people see, kept as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.checkpoint import write_bundle

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a checkpoint into a folder of its own, which is the working folder from then on."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, arrays: dict[str, object]) -> Path:
        write_bundle(name, [(key, np.asarray(value)) for key, value in arrays.items()])
        return Path(name)

    return write


@pytest.fixture
def snapshot() -> Callable[[str, str], None]:
    """Compare with the text of a file; TFMIGRATE_WRITE_SNAPSHOTS=1 writes it anew."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "snapshots" / f"{name}.txt"
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
        if os.environ.get("TFMIGRATE_WRITE_SNAPSHOTS"):
            path.write_text(text)
        assert text == path.read_text()

    return compare


def ramp(*shape: int, start: float = 0.5) -> np.ndarray:
    """Numbers that are all different, none of them zero."""
    size = int(np.prod(shape, dtype=int))
    return (np.arange(size, dtype=np.float32) * 0.01 + start).reshape(shape)
