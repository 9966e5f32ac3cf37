"""docs/architecture.md is what the code is: its folders, their imports, and the counts it gives."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def draw() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "draw_imports.py"))


def rows() -> dict[str, set[str]]:
    """Folder → the folders that its row lets it import."""
    cells = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| `")]
    return {re.findall(r"`(.+?)`", row[0])[0]: set(re.findall(r"`(.+?)`", row[2])) for row in cells}


def test_every_folder_imports_just_what_its_row_says(draw: dict[str, Any]) -> None:
    assert draw["between_folders"]() == rows()


def test_no_files_import_each_other_in_a_circle(draw: dict[str, Any]) -> None:
    assert draw["circles"](draw["imports"]()) == []


def test_only_a_folder_and_those_inside_it_import_each_other(draw: dict[str, Any]) -> None:
    for together in draw["circles"](draw["between_folders"]()):
        assert {name.partition(".")[0] for name in together} == {min(together, key=len)}


def test_the_counts_of_the_page_are_those_of_the_code(draw: dict[str, Any]) -> None:
    graph = draw["between_folders"]()
    arrows = sum(map(len, graph.values()))
    text = " ".join(PAGE.split())
    assert f"{len(graph)} folders and files on {draw['floors'](graph)} floors with {arrows}" in text


def test_other_folders_take_from_graph_what_lies_below_it(draw: dict[str, Any]) -> None:
    below = {name for name in draw["between_folders"]() if name.startswith("graph.")}
    for name, targets in draw["between_folders"]().items():
        assert name.partition(".")[0] == "graph" or not targets & below


def test_circles_are_found(draw: dict[str, Any]) -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}
    assert draw["circles"](graph) == [{"a", "b", "c"}]
    assert draw["floors"](graph) == 2


def test_files_that_the_walks_name_are_there() -> None:
    named = re.findall(r"`((?:[a-z_.]+/)+(?:[a-z_]+\.py)?)`", PAGE)
    missing = [
        path
        for path in named
        if not any((base / path).exists() for base in (ROOT, ROOT / "migrate"))
    ]
    assert len(named) > 20
    assert missing == []
