"""The result of several conversions, as it is shown and returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import EXIT_BUG, EXIT_DIFFERENCE, EXIT_NOT_PROVED, EXIT_OK, EXIT_USER
from ..parity import Verdict
from ..report import Block, Closing, Heading, Notes, Result, Table
from .journal import KIND
from .rows import CONVERTED, FAILED, Row

_WORST_FIRST = (EXIT_BUG, EXIT_USER, EXIT_DIFFERENCE, EXIT_NOT_PROVED, EXIT_OK)


class Fleet(Result):
    """What several conversions did; true where all were converted and no verdict is a failure.

    Attributes:
        rows: one a source, as in report.json, in the order in which the sources were given.
        skipped: folders of sources that an earlier command converted.
        notes: on the command as a whole.
        folder: that holds the outputs, or None for a dry run.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        skipped: Sequence[str],
        notes: Sequence[str],
        folder: Path | None,
    ):
        self.rows, self.skipped, self.notes, self.folder = rows, skipped, notes, folder

    def exit_status(self, *, allow_unproved: bool = False) -> int:
        """The worst of all: a bug, a source that failed, a difference, no proof, in this order."""
        found = {row["status"] for row in self.rows}
        if allow_unproved:
            found.discard(EXIT_NOT_PROVED)
        return next((status for status in _WORST_FIRST if status in found), EXIT_OK)

    def __bool__(self) -> bool:
        return self.exit_status() == EXIT_OK

    def to_dict(self) -> dict[str, Any]:
        """The rows of this command; report.json in the folder has those of all commands."""
        notes = [*self.notes, *self._skipped(), *self._not_run()]
        return {"schema": 1, "kind": KIND, "conversions": list(self.rows), "notes": notes}

    def to_rows(self) -> list[dict[str, Any]]:
        """One a source, as in report.json."""
        return [dict(row) for row in self.rows]

    def blocks(self) -> list[Block]:
        """For people: a table with a row for each source, and the verdict on all."""
        shown: list[Block] = [Heading(f"{len(self.rows)} sources")]
        if notes := [*self.notes, *self._skipped(), *self._not_run()]:
            shown.append(Notes(notes))
        columns = ["source", "outcome", "verdict", ">max abs", ">seconds", "folder or reason"]
        marked = {n for n, row in enumerate(self.rows) if row["status"] not in (EXIT_OK,)}
        cells = [self._cells(row) for row in self.rows]
        return [*shown, Table(columns, cells, marked=frozenset(marked)), self._closing()]

    def _cells(self, row: Row) -> list[str]:
        skipped, seconds = row["folder"] in self.skipped, row["seconds"]
        return [
            _short(row["source"]),
            row["outcome"] or row["state"],
            row["verdict"] or "",
            "" if row["max_abs"] is None else f"{float(row['max_abs']):.3g}",
            "skipped" if skipped else "" if seconds is None else f"{seconds:.1f}",
            row["error"] or row["folder"],
        ]

    def _closing(self) -> Closing:
        states = [row["state"] for row in self.rows]
        parts = [f"{states.count(CONVERTED) - len(self.skipped)} converted"]
        if self.folder is None:
            parts = [f"dry run, nothing written: {len(states) - states.count(FAILED)} planned"]
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        for word, status in (("differ", EXIT_DIFFERENCE), ("not proved", EXIT_NOT_PROVED)):
            if count := sum(row["status"] == status for row in self.rows):
                parts.append(f"{count} {word}")
        if count := states.count(FAILED):
            parts.append(f"{count} failed")
        found = [float(row["max_abs"]) for row in self.rows if row["max_abs"] is not None]
        if found:
            parts.append(f"worst {max(found):.3g}")
        if count := sum(bool(row.get("not_run")) for row in self.rows):
            parts.append(f"{count} not run on all that was asked")
        if self.folder is not None:
            parts.append(str(self.folder))
        return Closing(self._verdict(), " · ".join(parts))

    def _verdict(self) -> Verdict:
        status = self.exit_status()
        if status == EXIT_OK:
            proved = any(row["verdict"] == Verdict.PASS for row in self.rows)
            return Verdict.PASS if proved else Verdict.NOT_RUN
        return Verdict.NOT_PROVED if status == EXIT_NOT_PROVED else Verdict.FAIL

    def _skipped(self) -> list[str]:
        if not self.skipped:
            return []
        return [
            f"{len(self.skipped)} of {len(self.rows)} sources were skipped: they were converted "
            "before, from the same files, by the same versions, with the same options. --force "
            "converts them again."
        ]

    def _not_run(self) -> list[str]:
        """Each backend and format that did not run, and why, with the number of sources."""
        found = Counter(pair for row in self.rows for pair in (row.get("not_run") or {}).items())
        return [
            f"{what} was not run for {count} of {len(self.rows)} sources: {why}. The same command "
            "again converts them again."
            for (what, why), count in found.items()
        ]


def _short(source: str) -> str:
    """A path relative to the working folder, where that is above it."""
    path = Path(source)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else source
