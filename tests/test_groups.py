"""Tests that share what is set up once run in one process."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("one")
def test_a_group_goes_to_one_process(request: pytest.FixtureRequest) -> None:
    """pytest-xdist sends a group to one process by an ending of the test's name, or not at all."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@one")
