"""Workers that serve all conversions of a test session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tfmigrate.worker import Worker


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
