"""Workers that serve all tests of layers."""

from collections.abc import Iterator

import pytest
from tfmigrate.worker import Worker


@pytest.fixture(scope="session")
def keras_worker() -> Iterator[Worker]:
    with Worker("Keras") as worker:
        yield worker


@pytest.fixture(scope="session")
def graph_worker() -> Iterator[Worker]:
    with Worker("graph") as worker:
        yield worker
