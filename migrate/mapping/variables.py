"""The variables at both ends of a map, and the mismatches between them."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError


@dataclass(frozen=True, slots=True)
class ModelVariable:
    """A variable of the model a user has.

    Attributes:
        path: ``layer/kernel``, without the model's own name; unique.
        shape: of its value.
        dtype: a numpy name, "bfloat16" too.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that does not fit.

    Attributes:
        kind: "missing" (in the checkpoint), "unset" (in the model), "unused", "shape", "dtype",
            "twice" or "map" (the map itself).
        name: the variable or the rule.
        problem: one sentence.
        candidates: nearest names, best first.
    """

    kind: str
    name: str
    problem: str
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        nearest = f" (nearest: {', '.join(self.candidates)})" if self.candidates else ""
        return f"{self.problem}{nearest}"


class MappingError(UserError):
    """A checkpoint, a map and a model that do not fit: all mismatches at once.

    Attributes:
        mismatches: each, for tables and programs.
    """

    def __init__(self, mismatches: list[Mismatch], try_: str):
        self.mismatches = mismatches
        count = f"{len(mismatches)} mismatch{'es' if len(mismatches) > 1 else ''}"
        listed = "; ".join(f"{i}) {m}" for i, m in enumerate(mismatches, 1))
        super().__init__(
            f"checkpoint and model do not fit, {count}: {listed}",
            expected="every model variable set once, every checkpoint variable used or skipped",
            try_=try_,
        )
