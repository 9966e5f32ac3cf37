"""docs/maps.md: its map is a map, and names every step there is."""

from __future__ import annotations

import re
from pathlib import Path

from tfmigrate.mapping import operations, read_map

PAGE = (Path(__file__).parents[2] / "docs" / "maps.md").read_text()


def test_the_map_it_shows_is_one(tmp_path):
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    path = tmp_path / "map.toml"
    path.write_text(toml)
    shown = read_map(path)
    assert len(shown.rules) == 4
    assert [type(step) for rule in shown.rules for step in rule.steps] == [
        operations.Gates,
        operations.Split,
        operations.Gates,
        type(operations.forget_bias(1.0)),
    ]


def test_every_step_of_its_table_is_understood(tmp_path):
    steps = re.findall(r"^\| `(\{ .*? \})` \|", PAGE, re.M)
    assert len(steps) == 10
    for step in steps:
        path = tmp_path / "map.toml"
        path.write_text(f'[[change]]\nfrom = "a"\nto = "b"\nsteps = [{step}]\n')
        (rule,) = read_map(path).rules
        assert rule.steps
