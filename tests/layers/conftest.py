"""Workers that serve all tests of layers, and the programs that a file of tests is about."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tfmigrate.worker import Worker

from .networks import unpack


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the cases of ``ARCHIVE``, which the file of tests names."""
    made = tmp_path_factory.mktemp("cases")
    unpack(request.module.ARCHIVE, made)
    return made


@pytest.fixture(scope="session")
def keras_worker() -> Iterator[Worker]:
    with Worker("Keras") as worker:
        yield worker


@pytest.fixture(scope="session")
def graph_worker() -> Iterator[Worker]:
    with Worker("graph") as worker:
        yield worker
