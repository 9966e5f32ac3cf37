"""One worker that lifts, for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tfmigrate.worker import Worker


@pytest.fixture(scope="session")
def lifter() -> Iterator[Worker]:
    with Worker("lifting") as worker:
        yield worker
