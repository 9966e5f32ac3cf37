"""Measures how the source of networks reads, flat and with blocks: writes docs/readability.md.

    .venv/bin/python tools/run_readability.py [--zoo FOLDER]

The networks are those of tests/data and tests/layers, which programs in tests/data and tests/tf115
wrote, and a residual network and an encoder of tests/outline at two depths. FOLDER is one that
`run_zoo.py --keep` has filled. Nothing is run, so no proof is made.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from outline.reading import Reading, read  # noqa: E402
from outline.test_outline import encoder, residual  # noqa: E402
from tfmigrate.emit import source  # noqa: E402
from tfmigrate.errors import UserError  # noqa: E402
from tfmigrate.graph.interface.interface import find_interface  # noqa: E402
from tfmigrate.layers import UnsupportedError  # noqa: E402
from tfmigrate.layers.planning import inference_part, make_plan  # noqa: E402
from tfmigrate.plan import Plan  # noqa: E402
from tfmigrate.sources import open_source  # noqa: E402

PAGE = ROOT / "docs" / "readability.md"
ARCHIVES = ("attention_heads", "composed", "idioms", "sizes", "wild")
SOURCES = ("model.ckpt.index", "frozen.pb", "saved_model")
LEAST = 20  # lines of a flat source that can have blocks

INTRODUCTION = """\
# How generated sources read

<!-- Written by tools/run_readability.py: run `make readability`. -->

The source of a network is either one list of calls (`--style flat`) or has a function for each kind
of block and loops for repetition. A row shows both forms of a network: *flat → blocks*.

| column | meaning |
|---|---|
| lines | lines of the functions that build the model, without comments and docstrings |
| repeated | statements that occur, three in a row, once more with other names and numbers |
| numbered | names of layers that are another layer's name and a counter |
| cut | names of layers that are cut, and locals such as `x_1` |
| raw | calls of `keras.ops`, and arithmetic |

"""
HEAD = (
    "| network | lines | repeated | numbered | cut | raw |\n| --- | --- | --- | --- | --- | --- |\n"
)


def main() -> None:
    """Measures all networks and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, help="a folder that run_zoo.py --keep has filled")
    zoo = parser.parse_args().zoo
    depths = [
        (f"residual network, {units} units", residual(*stages))
        for units, stages in ((16, (3, 4, 6, 3)), (50, (3, 8, 36, 3)))
    ]
    depths += [(f"encoder, {count} layers", encoder(count)) for count in (2, 12)]
    sections = [("The same network at two depths", rows(depths))]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        unpack(folder)
        sections.append(("Programs of the tests", rows(plans(folder))))
    if zoo is not None:
        sections.append(("Networks of the zoo", rows(plans(zoo))))
    text = "".join(f"## {title}\n\n{HEAD}{''.join(lines)}\n" for title, lines in sections)
    PAGE.write_text(INTRODUCTION + text.rstrip() + "\n", encoding="utf-8")


def unpack(folder: Path) -> None:
    """Unpacks the cases of the tests, each into a folder of its own."""
    for archive in sorted((ROOT / "tests" / "data" / "structure").glob("*.zip")):
        with zipfile.ZipFile(archive) as members:
            members.extractall(folder / archive.stem)
    for name in ARCHIVES:
        with tarfile.open(ROOT / "tests" / "layers" / "data" / f"{name}.tar.xz") as packed:
            packed.extractall(folder, filter="data")


def plans(folder: Path) -> Iterator[tuple[str, Plan]]:
    """The networks of the folders in a folder, but for those that have no Keras form."""
    for case in sorted(folder.iterdir()):
        found = next((case / name for name in SOURCES if (case / name).exists()), None)
        if found is None:
            continue
        case_file = case / "case.json"
        meta = json.loads(case_file.read_text()) if case_file.exists() else {}
        try:
            opened = open_source(found)
            if opened.graph is None:
                continue
            ends = (meta.get("inputs"), meta.get("outputs"))
            interface = find_interface(opened.graph, *ends, saved=opened.recipes().keys())
            plan = make_plan(opened, interface, inference_part(opened, interface))
            source(plan)
        except (UserError, UnsupportedError, ValueError):
            continue
        yield case.name.replace("_", " "), plan


def rows(networks: Iterable[tuple[str, Plan]]) -> list[str]:
    """A row for each network that is long enough for blocks."""
    made = []
    for name, plan in networks:
        flat, blocks = (read(source(plan, style=style)) for style in ("flat", "blocks"))
        if flat.lines >= LEAST:
            made.append(row(name, flat, blocks))
            print(made[-1], end="", flush=True)
    return made


def row(name: str, flat: Reading, blocks: Reading) -> str:
    """The figures of both forms, once where they are equal."""
    cells = [name]
    for part in ("lines", "repeated", "numbered", "cut", "raw"):
        pair = [getattr(flat, part), getattr(blocks, part)]
        texts = [f"{value:.0%}" if part == "repeated" else str(value) for value in pair]
        cells.append(" → ".join(dict.fromkeys(texts)))
    return f"| {' | '.join(cells)} |\n"


main()
