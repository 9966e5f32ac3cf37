"""Builds the pages of the repository, the commands and the Python API as one static site.

    python tools/make_site.py [FOLDER]

The folder is build/site by default; open index.html in it. Warnings of Sphinx are errors, and so is
anything in the site that a browser would load from another address.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from sphinx.cmd.build import build_main

ROOT = Path(__file__).parents[1]
_LOADS = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src",
    "embed": "src", "input": "src", "object": "data", "link": "href", "use": "href",
    "image": "href",
}  # fmt: skip
_NAVIGATES = {"author", "canonical", "index", "license", "next", "prev", "search", "top"}


class _Loaded(HTMLParser):
    """Addresses that a browser loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps the address of a tag that loads something."""
        found = dict(attrs)
        if tag == "link" and set((found.get("rel") or "").split()) <= _NAVIGATES:
            return
        self.addresses.append(found.get(_LOADS.get(tag, "")) or "")
        self.addresses += re.findall(r"url\(['\"]?([^)'\"]+)", found.get("style") or "")


def remote(folder: Path) -> Iterator[str]:
    """What the pages of a folder load from another address, as ``file: address``."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".html", ".css", ".svg"):
            continue
        text = path.read_text("utf-8")
        page = _Loaded()
        page.feed(text)
        styles = re.findall(r"@import\s+(?:url\()?['\"]?([^)'\"; ]+)", text)
        styles += re.findall(r"url\(['\"]?([^)'\"]+)", text) if path.suffix != ".html" else []
        for address in (*page.addresses, *styles):
            if re.match(r"(?:\w+:)?//", address):
                yield f"{path.relative_to(folder)}: {address}"


def main(folder: str = "build/site") -> int:
    """Builds the site; returns the exit status."""
    target = Path(folder).absolute()
    shutil.rmtree(target, ignore_errors=True)
    options = ["--quiet", "--fail-on-warning", "--fresh-env", "--builder", "html", "--doctree-dir"]
    options += [str(target.with_name(f"{target.name}-doctrees")), "--conf-dir"]
    status = build_main([*options, str(ROOT / "tools" / "site"), str(ROOT), str(target)])
    if status:
        return int(status)
    if found := list(remote(target)):
        print("the site loads from other addresses:", *found, sep="\n", file=sys.stderr)
        return 1
    shutil.copy(target / "README.html", target / "index.html")
    print(f"wrote {target / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
