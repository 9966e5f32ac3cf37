"""Workers that serve all conversions of a test session, and cases with known answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.worker import Worker


@dataclass(frozen=True)
class Case:
    """A source, and what TensorFlow 1.15 computed with it."""

    folder: Path

    @property
    def meta(self) -> dict[str, list[str]]:
        return json.loads((self.folder / "case.json").read_text())

    @property
    def source(self) -> Path:
        for name in ("frozen.pb", "saved_model"):
            if (self.folder / name).exists():
                return self.folder / name
        return self.folder / "model.ckpt"

    def arrays(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / "golden.npz", allow_pickle=False))


@pytest.fixture(scope="session")
def keras_worker() -> Iterator[Worker]:
    """Where models are built."""
    with Worker("Keras") as worker:
        yield worker


@pytest.fixture(scope="session")
def graph_worker() -> Iterator[Worker]:
    """Where original graphs run."""
    with Worker("graph") as worker:
        yield worker
