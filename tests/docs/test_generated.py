"""The generated pages of docs/ say what the code says today."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import json, runpy, sys
pages = runpy.run_path("tools/make_docs.py")["pages"]()
json.dump([pages, sorted({"tensorflow", "keras"} & set(sys.modules))], sys.stdout)
"""


@pytest.fixture(scope="module")
def made():
    """Pages by name, and what heavy packages were imported to make them."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def test_the_pages_are_current(made):
    pages, _ = made
    stale = [
        name
        for name, text in pages.items()
        if not (ROOT / "docs" / name).exists() or (ROOT / "docs" / name).read_text() != text
    ]
    assert not stale, f"{', '.join(stale)} in docs/ is no longer current: run make docs"


def test_they_are_made_without_tensorflow(made):
    _, heavy = made
    assert heavy == []


def test_every_command_and_system_is_in_them(made):
    from tfmigrate.cli.main import COMMANDS
    from tfmigrate.course.catalogue import SYSTEMS

    pages, _ = made
    for name in COMMANDS:
        assert f"\n## {name}\n" in pages["cli.md"]
        assert f"Usage: tfmigrate {name} " in pages["cli.md"]
    for name in SYSTEMS:
        assert f"| `{name}` |" in pages["catalogue.md"]
