"""The results of a system that is compared in two ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..parity import Verdict
from ..report import Block, Result
from .lesson import code_of
from .pitfall import PitfallComparison
from .result import Comparison
from .system import System
from .values_result import ValuesComparison


@dataclass(frozen=True)
class Joined(Result):
    """True when all of them are."""

    system: System
    parts: Sequence[Comparison | ValuesComparison | PitfallComparison]

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every part passes."""
        return Verdict.of(all(self.parts))

    def to_rows(self) -> list[dict[str, Any]]:
        """Those of each part, with its number, from 1; the parts have different columns."""
        numbered = enumerate(self.parts, 1)
        return [{"part": number, **row} for number, part in numbered for row in part.to_rows()]

    def appendix(self) -> list[Block]:
        """The code of both sides."""
        return code_of(self.system)

    def next_step(self) -> str:
        """Its code."""
        return f"tfmigrate lesson {self.system.name}"

    def blocks(self) -> list[Block]:
        """One after the other."""
        return [block for part in self.parts for block in part.blocks()]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "system": self.system.name,
            "verdict": self.verdict,
            "parts": [part.to_dict() for part in self.parts],
        }
