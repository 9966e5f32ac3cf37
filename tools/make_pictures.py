"""Draws the pictures of the README from a run: the page as Chromium shows it, and the terminal.

    python tools/make_pictures.py

Needs Debian's chromium, or another one in the path.
"""

from __future__ import annotations

import inspect
import io
import re
import subprocess
import tempfile
from pathlib import Path

import tfmigrate
from rich.console import Console
from rich.text import Text
from tfmigrate.report.result import Result
from tfmigrate.report.terminal import render

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
_WIDTH, _HEIGHT = 1_240, 690  # pixels
_COLUMNS = 116


def draw(page: Path, picture: Path) -> None:
    """The upper part of a page as a PNG file."""
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={profile}", f"--window-size={_WIDTH},{_HEIGHT}"]
        flags += ["--disable-background-networking", f"--screenshot={picture}"]
        subprocess.run(["chromium", *flags, page.as_uri()], check=True, capture_output=True)


def type_out(command: str, result: Result, picture: Path) -> None:
    """What a terminal shows of a result, as an SVG file without fonts from the network."""
    console = Console(
        record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, markup=False,
        emoji=False, highlight=False, color_system="truecolor",
    )  # fmt: skip
    console.print(Text.assemble(("$ ", "dim"), command))
    render(result.blocks(), console)
    template = inspect.signature(console.save_svg).parameters["code_format"].default
    template = re.sub(r"\s*@font-face \{\{.*?\}\}\n", "", template, flags=re.DOTALL)
    console.save_svg(str(picture), title="tfmigrate", code_format=template)


def main() -> None:
    """Runs what the pictures show, and draws it."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = tfmigrate.compare("mlp").save(Path(folder) / "mlp.html")
        draw(page, PICTURES / "compare-mlp.png")
    short = tfmigrate.compare("mlp", epochs=3)
    type_out("tfmigrate compare mlp --epochs 3", short, PICTURES / "terminal.svg")


if __name__ == "__main__":
    main()
