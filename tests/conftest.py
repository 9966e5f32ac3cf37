"""Where tests find the data they do not carry themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tfmigrate.plan.balance import Balance

# Examples are judged by what they give, not by the time they take on a busy machine. CI draws the
# same ones every time: what it finds must not depend on the day.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with goldens, corpus and datasets; tests that need it are skipped without it."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("TFMIGRATE_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"no test data: {folder} is not there (TFMIGRATE_SHARED names it)")
    return folder


@pytest.fixture(autouse=True)
def every_element_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any conversion of a test: where a person is warned, a test fails."""

    def warnings(found: Balance) -> list[str]:
        assert not found.missing
        assert found.model + found.training + found.skipped == found.checkpoint
        return []

    monkeypatch.setattr(Balance, "warnings", warnings)
