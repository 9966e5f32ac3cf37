"""The catalogue, shown by chapter."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..report import Block, Heading, Paragraph, Result, Table
from .catalogue import CHAPTERS, SYSTEMS


class Listing(Result):
    """All systems; always true."""

    def blocks(self) -> list[Block]:
        """A table a chapter; chapters without systems are left out."""
        blocks: list[Block] = []
        for letter, title in CHAPTERS.items():
            rows = [
                (system.name, system.title)
                for system in SYSTEMS.values()
                if system.chapter == letter
            ]
            if rows:
                blocks += [Heading(f"{letter}. {title}"), Table(("", ""), rows)]
        return [*blocks, Paragraph("tfmigrate compare NAME runs both sides", dim=True)]

    def to_dict(self) -> dict[str, Any]:
        """The entries of the catalogue."""
        return {"schema": 1, "systems": [asdict(system) for system in SYSTEMS.values()]}

    def __bool__(self) -> bool:
        return True
