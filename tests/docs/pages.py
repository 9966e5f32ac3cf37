"""The pages that people read, their links and their commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in (".", "docs", "notebooks", "findings")
    for path in sorted((ROOT / folder).glob("*.md"))
}
"""Path in the repository → text."""


def commands(text: str) -> list[list[str]]:
    """The arguments of our own commands in the console blocks of a page, in order."""
    consoles = re.findall(r"```console\n(.*?)```", text, re.S)
    lines = [line for block in consoles for line in block.splitlines()]
    ours = [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ tfmig")]
    return [arguments for _, *arguments in ours]


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a page, as repositories and the site make them."""
    without = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", without, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def links(text: str) -> list[str]:
    """What a page links to, without addresses of the web."""
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
