"""Draws the pictures of the README: pages as Chromium shows them.

    python tools/make_pictures.py

Needs Debian's chromium, or another one in the path.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import tfmigrate

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
_WIDTH, _HEIGHT = 1_240, 740  # pixels


def draw(page: Path, picture: Path) -> None:
    """The upper part of a page as a PNG file."""
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={profile}", f"--window-size={_WIDTH},{_HEIGHT}"]
        flags += ["--disable-background-networking", f"--screenshot={picture}"]
        subprocess.run(["chromium", *flags, page.as_uri()], check=True, capture_output=True)


def main() -> None:
    """Runs what the pictures show, and draws it."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = tfmigrate.compare("mlp").save(Path(folder) / "mlp.html")
        draw(page, PICTURES / "compare-mlp.png")


if __name__ == "__main__":
    main()
