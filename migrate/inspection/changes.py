"""The result of comparing two checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoint import Role, Variable
from ..errors import printable
from ..parity import Difference
from ..report import Block, Heading, Result, Table
from .entry import role_text
from .wording import number, shape_text, shown


@dataclass(frozen=True)
class Change:
    """A variable whose values differ.

    Attributes:
        variable: as both checkpoints describe it.
        differing: how many elements are not the same.
        difference: their difference; None for strings.
    """

    variable: Variable
    differing: int
    difference: Difference | None


@dataclass(frozen=True)
class Rename:
    """A variable that has another name and equal values."""

    before: str
    after: str


@dataclass(frozen=True)
class Changes(Result):
    """The differences between a second checkpoint and a first; true if there are none.

    Attributes:
        paths: of the first and the second.
        removed: variables that only the first has.
        added: variables that only the second has.
        renamed: those of equal values, different name.
        reshaped: those of different shape or type, before and after.
        changed: those of other values.
        unchanged: how many are bit-equal.
        suggestions: removed name → what it may have become, and why.
        roles: by name.
    """

    paths: tuple[Path, Path]
    removed: Sequence[Variable]
    added: Sequence[Variable]
    renamed: Sequence[Rename]
    reshaped: Sequence[tuple[Variable, Variable]]
    changed: Sequence[Change]
    unchanged: int
    suggestions: Mapping[str, str]
    roles: Mapping[str, Role]

    def __bool__(self) -> bool:
        return not (self.removed or self.added or self.renamed or self.reshaped or self.changed)

    def blocks(self) -> list[Block]:
        """Counts, then a table for each kind of change."""
        counts = [
            ("unchanged", self.unchanged, "bit for bit"),
            ("changed", len(self.changed), "same shape, different values"),
            ("renamed", len(self.renamed), "equal values, different name"),
            ("reshaped", len(self.reshaped), "different shape or type"),
            ("removed", len(self.removed), f"only in {printable(self.paths[0])}"),
            ("added", len(self.added), f"only in {printable(self.paths[1])}"),
        ]
        width = max(len(f"{count:,}") for _, count, _ in counts)
        blocks: list[Block] = [
            Heading(f"{printable(self.paths[0])} → {printable(self.paths[1])}"),
            Table(
                ("", "", ""),
                [(what, f"{count:>{width},}", why) for what, count, why in counts if count],
            ),
        ]
        if self.changed:
            blocks.append(self._changed_table())
        tables: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = [
            (
                ("renamed", "to"),
                [(shown(r.before, 200), shown(r.after, 200)) for r in self.renamed],
            ),
            (
                ("reshaped", "before", "after"),
                [(shown(old.name, 200), _form(old), _form(new)) for old, new in self.reshaped],
            ),
            (
                ("removed", "shape", "role", "possible new name"),
                [(*self._row(v), self.suggestions.get(v.name, "")) for v in self.removed],
            ),
            (("added", "shape", "role"), [self._row(v) for v in self.added]),
        ]
        return blocks + [Table(columns, rows) for columns, rows in tables if rows]

    def _row(self, variable: Variable) -> tuple[str, str, str]:
        name = variable.name
        return shown(name, 200), _form(variable), role_text(self.roles[name])

    def _changed_table(self) -> Table:
        rows = []
        for change in self.changed:
            variable, difference = change.variable, change.difference
            row = [shown(variable.name, 200), shape_text(variable.shape)]
            row.append(role_text(self.roles[variable.name]))
            if difference is None:
                row += ["", ""]
            elif variable.size == 1 and difference.expected is not None:
                before, after = number(difference.expected), number(difference.actual or 0.0)
                row += [f"{before} → {after}", ""]
            else:
                scale = difference.scale
                relative = f"{difference.max_abs / scale:.3g}" if scale else "from 0"
                row += [f"{difference.max_abs:.3g}", relative]
            share = 100 * change.differing / variable.size
            rows.append([*row, f"{share:.3g} %"])
        return Table(("changed", "shape", "role", ">max abs", ">relative", ">elements"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Every change; differences of values as in parity reports."""
        return {
            "schema": 1,
            "before": str(self.paths[0]),
            "after": str(self.paths[1]),
            "same": bool(self),
            "unchanged": self.unchanged,
            "changed": [
                {
                    "name": c.variable.name,
                    "shape": list(c.variable.shape),
                    "dtype": c.variable.dtype,
                    "role": self.roles[c.variable.name].kind,
                    "differing": c.differing,
                    "difference": None if c.difference is None else c.difference.to_dict(),
                }
                for c in self.changed
            ],
            "renamed": [{"before": r.before, "after": r.after} for r in self.renamed],
            "reshaped": [
                {"name": old.name, "before": _form_dict(old), "after": _form_dict(new)}
                for old, new in self.reshaped
            ],
            "removed": [
                {"name": v.name, **_form_dict(v), "suggestion": self.suggestions.get(v.name)}
                for v in self.removed
            ],
            "added": [{"name": v.name, **_form_dict(v)} for v in self.added],
        }


def _form(variable: Variable) -> str:
    return f"{shape_text(variable.shape)} {variable.dtype}"


def _form_dict(variable: Variable) -> dict[str, Any]:
    return {"shape": list(variable.shape), "dtype": variable.dtype}
