"""Every network of the zoo has an entry that can be read, and a row in docs/zoo.md."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRIES = sorted((ROOT / "tests" / "zoo").glob("*.toml"))
PAGE = (ROOT / "docs" / "zoo.md").read_text()


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.stem)
def test_an_entry_names_packages_of_one_version_and_defines_a_network(path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    assert entry.keys() - {"two_graphs"} == {"about", "packages", "network"}
    assert all("==" in package for package in entry["packages"])
    code = ast.parse(entry["network"])
    defined = {n.id for n in ast.walk(code) if isinstance(n, ast.Name)}
    assert {"outputs", "sizes", "feed"} <= defined
    trained = "train" in defined or {"loss", "optimizer"} <= defined
    assert trained == ("label" in defined)
    assert f"| {entry['about']} |" in PAGE
