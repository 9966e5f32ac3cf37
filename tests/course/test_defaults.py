"""Every row as ``tfmigrate compare ROW`` runs it, without an option: parity holds."""

from __future__ import annotations

import pytest
from tfmigrate.course.catalogue import CHAPTERS, SYSTEMS
from tfmigrate.course.comparison import compare_all
from tfmigrate.course.request import Request
from tfmigrate.worker import Worker


@pytest.fixture(scope="module")
def workers():
    """Two processes for all rows; the command starts two for each."""
    with Worker("legacy") as legacy, Worker("modern") as modern:
        yield {"legacy": legacy, "modern": modern}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(system.name, marks=pytest.mark.xdist_group(f"defaults-{letter}"))
        for letter, (_, systems) in CHAPTERS.items()
        for system in systems
    ],
)
def test_a_row_without_options_passes(row, workers):
    result = compare_all(SYSTEMS[row], Request(), workers)
    assert result.verdict == "pass", str(result)
    assert result  # exit status 0
