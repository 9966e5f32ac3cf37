"""The order of the folders that CONTRIBUTING.md tells: imports go down, and nothing is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "migrate"
# Imports that go up, inside of functions, and why.
UPWARD = {
    ("asked", "course"): "--model may name a system of the course",
    ("worker", "emit"): "a model that is opened may need the classes that generated sources carry",
}


def floors() -> dict[str, int]:
    """Folder or file → its floor, as the text has it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.search(r"imports go down only:(.*?)\.\s", text, re.DOTALL)
    assert listed
    names = [re.findall(r"\w+", floor) for floor in listed[1].split("→")]
    return {name: number for number, floor in enumerate(names) for name in floor}


def imports() -> Iterator[tuple[str, str, bool]]:
    """Importing and imported folder, or file beside them, and whether a function imports."""
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        tree = ast.parse(file.read_text(encoding="utf-8"))
        lazy = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                within = [*parts[: -node.level], *(node.module or "").split(".")]
                found = [within[0]] if within[0] else [name.name for name in node.names]
                yield from ((parts[0], name, id(node) in lazy) for name in found)


def test_every_folder_and_file_has_a_floor() -> None:
    there = {
        path.stem
        for path in PACKAGE.iterdir()
        if (any(path.glob("*.py")) or path.suffix == ".py") and not path.name.startswith("__")
    }
    assert floors().keys() == there


def test_imports_go_down() -> None:
    floor = floors()
    upward = {
        (importing, imported, lazy)
        for importing, imported, lazy in imports()
        if importing != imported
        and not importing.startswith("__")  # the package itself is above all, and has the version
        and imported in floor
        and floor[imported] >= floor[importing]
    }
    assert upward == {(*pair, True) for pair in UPWARD}
