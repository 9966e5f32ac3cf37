"""One variable of a source: a row of the table, with a name for its role."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..checkpoint import Role
from .statistics import Statistics

KINDS = ("weight", "moving_average", "step", "bookkeeping", "slot")


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable: a row of the table.

    Attributes:
        nbytes: on disk; where only the graph is there, what its values would take.
        figures: None where its values were not read.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    role: Role
    figures: Statistics | None

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def role_text(role: Role) -> str:
    """``"slot Adam m"``, ``"moving average"``, …"""
    if role.kind == "slot":
        again = f" ({role.instance + 1})" if role.instance else ""
        return " ".join(["slot", role.optimizer or "", role.slot or "?"]) + again
    return role.kind.replace("_", " ")
