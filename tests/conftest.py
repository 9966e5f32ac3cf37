"""Where tests find the data they do not carry themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with goldens, corpus and datasets; tests that need it are skipped without it."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("TFMIGRATE_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"no test data: {folder} is not there (TFMIGRATE_SHARED names it)")
    return folder
