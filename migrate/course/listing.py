"""The catalogue, shown by chapter."""

from __future__ import annotations

from typing import Any

from ..report import Block, Heading, Paragraph, Result, Table
from .catalogue import CHAPTERS
from .settable import settables

_HINT = (
    "tfmigrate compare NAME runs both sides; tfmigrate lesson NAME shows their code, and what "
    "--set NAME=VALUE can change"
)


class Listing(Result):
    """All systems; always true."""

    def blocks(self) -> list[Block]:
        """A table a chapter; chapters without systems are left out."""
        blocks: list[Block] = []
        for letter, (title, systems) in CHAPTERS.items():
            rows = [(system.name, system.title) for system in systems]
            if rows:
                blocks += [Heading(f"{letter}. {title}"), Table(("", ""), rows)]
        return [*blocks, Paragraph(_HINT, dim=True)]

    def to_dict(self) -> dict[str, Any]:
        """The entries of the catalogue."""
        return {
            "schema": 1,
            "systems": [
                {
                    "name": system.name,
                    "chapter": letter,
                    "title": system.title,
                    "programs": [type(program).__name__.lower() for program in system.programs],
                    "data": next((p.data for p in system.programs if p.data), None),
                    "settings": list(settables(system)),
                    "cases": [c for p in system.programs for c in getattr(p, "cases", ())],
                }
                for letter, (_, systems) in CHAPTERS.items()
                for system in systems
            ],
        }

    def __bool__(self) -> bool:
        return True
