"""The result of inspecting a source: a summary, the table of variables, warnings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote
from typing import Any

from ..errors import printable
from ..report import Block, Heading, Paragraph, Result, Table, Warnings
from .entry import KINDS, Entry, role_text
from .findings import Finding
from .graph_summary import GraphSummary
from .steps import Step, steps_text
from .tree import tree_table
from .wording import byte_size, counted, number, shape_text, shown

SORTS = ("name", "size", "role", "shape")
_FORMATS = {
    "v1": "TensorFlow 1 checkpoint, V1 (tables that contain the tensors)",
    "v2": "TensorFlow 1 checkpoint, V2",
    "tf2": "TensorFlow 2 checkpoint, object-based: its keys are paths of Python objects",
    "saved_model": "SavedModel",
    "frozen": "frozen graph: its weights are constants",
    "graph": "graph without weights",
}


@dataclass(frozen=True)
class Inspection(Result):
    """The contents of a source; true if there are no warnings.

    Attributes:
        path: as given.
        format: "v1", "v2", "tf2", "saved_model", "frozen" or "graph".
        files: path and size in bytes of each file.
        graph: None where there is none.
        entries: all variables, by name.
        steps: what is said about the step.
        findings: the warnings.
        notes: how the files were found.
        unread: of how many variables the values were not looked at.
        stats, pattern, sort, tree: what to show, and how.
    """

    path: Path
    format: str
    files: Sequence[tuple[Path, int]]
    graph: GraphSummary | None
    entries: Sequence[Entry]
    steps: Sequence[Step]
    findings: Sequence[Finding]
    notes: Sequence[str]
    unread: int
    stats: bool = False
    pattern: str | None = None
    sort: str = "name"
    tree: bool = False

    def __bool__(self) -> bool:
        return not self.findings

    @property
    def selected(self) -> list[Entry]:
        """The variables to show, in order."""
        chosen = [e for e in self.entries if self.pattern is None or matching(e.name, self.pattern)]
        return sorted(chosen, key=_ORDERS[self.sort])

    def next_step(self) -> str:
        """Its conversion; of a TF2 checkpoint there is none."""
        return "" if self.format == "tf2" else f"tfmigrate convert-ckpt {quote(str(self.path))}"

    def blocks(self) -> list[Block]:
        """Summary, roles, variables, warnings, and the values that were not read."""
        blocks: list[Block] = [Heading(printable(self.path)), Table(("", ""), self._summary())]
        if self.entries:
            blocks.append(_roles_table(self.entries))
            selected = self.selected
            if len(selected) < len(self.entries):
                shown = f"{len(selected):,} of {counted(len(self.entries), 'variable')}"
                blocks.append(Paragraph(f"{shown} match {printable(self.pattern)}", dim=True))
            if self.tree:
                blocks.append(tree_table(selected))
            else:
                blocks.append(_variables_table(selected))
            if self.stats:
                blocks.append(_figures_table(selected))
        blocks.append(Warnings([finding.text for finding in self.findings]))
        if self.unread:
            blocks.append(
                Paragraph(
                    f"the values of {counted(self.unread, 'variable')} were not read; "
                    "--stats reads all values and also searches these for NaN, Inf, "
                    "constants and copies",
                    dim=True,
                )
            )
        return blocks

    def _summary(self) -> list[tuple[str, str]]:
        rows = [("format", _FORMATS[self.format])]
        if self.graph is not None:
            rows.append(("written by", self.graph.writer))
        elif self.format in ("v1", "v2"):
            rows.append(("written by", "unknown: there is no .meta file next to it"))
        total = sum(size for _, size in self.files)
        rows.append(("size", f"{byte_size(total)} in {counted(len(self.files), 'file')}"))
        if self.graph is not None:
            rows += self.graph.rows()
        if self.graph is None or not self.graph.optimizers:
            rows += _guessed_optimizers(self.entries)
        if self.steps:
            rows.append(("step", steps_text(self.steps)))
        if self.entries:
            rows.append(("roles", _evidence(self.entries)))
        return rows + [("note", note) for note in self.notes]

    def to_dict(self) -> dict[str, Any]:
        """Everything, whatever ``tree`` and ``sort`` say; ``pattern`` selects variables."""
        version = self.graph.graph.tensorflow_version if self.graph is not None else None
        return {
            "schema": 1,
            "source": {
                "path": str(self.path),
                "format": self.format,
                "tensorflow_version": version,
                "files": [{"path": str(path), "bytes": size} for path, size in self.files],
            },
            "graph": None if self.graph is None else self.graph.to_dict(),
            "roles": {
                kind: {
                    "variables": len(entries),
                    "elements": sum(e.elements for e in entries),
                    "bytes": sum(e.nbytes for e in entries),
                }
                for kind, entries in _by_kind(self.entries).items()
            },
            "steps": [
                {"value": s.value, "origin": s.origin, "kind": s.kind, "detail": s.detail}
                for s in self.steps
            ],
            "variables": [_entry_dict(e) for e in self.selected],
            "warnings": [
                {"kind": f.kind, "text": f.text, "variables": list(f.variables)}
                for f in self.findings
            ],
            "notes": list(self.notes),
            "values_not_read": self.unread,
        }


_ORDERS: dict[str, Any] = {
    "name": lambda e: e.name,
    "size": lambda e: (-e.nbytes, e.name),
    "role": lambda e: (KINDS.index(e.role.kind), e.role.optimizer or "", e.name),
    "shape": lambda e: (len(e.shape), e.shape, e.name),
}


def matching(name: str, pattern: str) -> bool:
    """Whether a whole name matches a glob, whose ``*`` matches slashes too."""
    return fnmatchcase(name, pattern)


def _guessed_optimizers(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    slots: dict[tuple[str, int], Counter[str]] = {}
    for entry in entries:
        if entry.role.kind == "slot":
            key = entry.role.optimizer or "unknown", entry.role.instance
            slots.setdefault(key, Counter())[entry.role.slot or "?"] += 1
    return [
        (
            "optimizer",
            f"{printable(name)}, inferred from names: slots {', '.join(counts)} of "
            f"{counted(max(counts.values()), 'variable')}",
        )
        for (name, _), counts in sorted(slots.items())
    ]


def _evidence(entries: Sequence[Entry]) -> str:
    read = sum(entry.role.evidence == "graph" for entry in entries)
    if not read:
        return "inferred from names"
    if read == len(entries):
        return "read from the graph"
    return f"{read:,} read from the graph, {len(entries) - read:,} inferred from names"


def _by_kind(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    kinds: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for entry in entries:
        kinds[entry.role.kind].append(entry)
    return {kind: found for kind, found in kinds.items() if found}


def _roles_table(entries: Sequence[Entry]) -> Table:
    rows = []
    for kind, found in _by_kind(entries).items():
        dtypes = Counter(entry.dtype for entry in found)
        rows.append(
            (
                kind.replace("_", " "),
                f"{len(found):,}",
                f"{sum(e.elements for e in found):,}",
                byte_size(sum(e.nbytes for e in found)),
                ", ".join(dtype for dtype, _ in dtypes.most_common()),
            )
        )
    return Table(("role", ">variables", ">elements", ">size", "dtype"), rows)


def _variables_table(entries: Sequence[Entry]) -> Table:
    rows = [
        (
            shown(entry.name, 200),
            shape_text(entry.shape),
            entry.dtype,
            role_text(entry.role),
            f"{entry.nbytes:,}",
        )
        for entry in entries
    ]
    return Table(("name", "shape", "dtype", "role", ">bytes"), rows, marked=_wrong(entries))


def _figures_table(entries: Sequence[Entry]) -> Table:
    """The figures stand in a table of their own: side by side the two fit no terminal."""
    rows = []
    for entry in entries:
        f = entry.figures
        if f is None or not f.count:
            rows.append((shown(entry.name, 200), *[""] * 7))
            continue
        figures = (_short(value) for value in (f.minimum, f.mean, f.maximum, f.deviation))
        zeros = f"{100 * f.zeros / f.count:.3g} %" if f.zeros else ""
        rest = (f"{count:,}" if count else "" for count in (f.nans, f.infinities))
        rows.append((shown(entry.name, 200), *figures, zeros, *rest))
    columns = ("name", ">min", ">mean", ">max", ">deviation", ">zeros", ">NaN", ">Inf")
    return Table(columns, rows, marked=_wrong(entries))


def _wrong(entries: Sequence[Entry]) -> frozenset[int]:
    return frozenset(
        at
        for at, entry in enumerate(entries)
        if entry.figures is not None and (entry.figures.nans or entry.figures.infinities)
    )


def _short(value: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value) or abs(value) >= 1e6:
        return f"{value:.3g}"
    return number(value) if value == int(value) else f"{value:.3g}"


def _entry_dict(entry: Entry) -> dict[str, Any]:
    role = entry.role
    found: dict[str, Any] = {
        "name": entry.name,
        "shape": list(entry.shape),
        "dtype": entry.dtype,
        "bytes": entry.nbytes,
        "role": role.kind,
        "optimizer": role.optimizer,
        "slot": role.slot,
        "of": role.of,
        "evidence": role.evidence,
    }
    if entry.figures is not None:
        f = entry.figures
        found["values"] = {
            "min": f.minimum,
            "mean": f.mean,
            "max": f.maximum,
            "deviation": f.deviation,
            "zeros": f.zeros / f.count if f.count else 0.0,
            "nan": f.nans,
            "inf": f.infinities,
        }
    return found
