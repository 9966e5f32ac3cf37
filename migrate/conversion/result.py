"""The result of a conversion, as it is shown and returned."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import EXIT_DIFFERENCE, EXIT_NOT_PROVED, EXIT_OK
from ..parity import Verdict
from ..report import (
    Block,
    Closing,
    Diagram,
    Heading,
    Node,
    Notes,
    Paragraph,
    Result,
    Source,
    Table,
    Warnings,
)
from ..verification import (
    backends_blocks,
    backends_told,
    exports_blocks,
    exports_told,
    losses_drawn,
)

_MOST_DRAWN = 120  # boxes of a picture that a person can still follow


class Conversion(Result):
    """What a conversion did; true where parity was measured and holds.

    Attributes:
        report: the content of report.json.
        folder: what was written, or None for a dry run.
    """

    def __init__(self, report: dict[str, Any], folder: Path | None):
        self.report, self.folder = report, folder

    @property
    def verdict(self) -> Verdict:
        """Whether parity holds, on each backend and of each file that it was measured on."""
        elsewhere = [*self.report.get("backends", ()), *self.report.get("exports", ())]
        if any(entry["verdict"] == Verdict.FAIL for entry in elsewhere):
            return Verdict.FAIL
        return Verdict(self.report["parity"]["verdict"])

    def exit_status(self, *, allow_unproved: bool = False) -> int:
        """What the command ends with: 0 where it is proved, or there was nothing to prove."""
        if self.verdict is Verdict.FAIL:
            return EXIT_DIFFERENCE
        unproved = self.verdict is Verdict.NOT_PROVED and self.folder is not None
        return EXIT_NOT_PROVED if unproved and not allow_unproved else EXIT_OK

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def to_dict(self) -> dict[str, Any]:
        """The content of report.json."""
        return self.report

    def to_rows(self) -> list[dict[str, Any]]:
        """One a variable of the source: its role, its fate, and where it went."""
        return list(self.report["variables"])

    def appendix(self) -> list[Block]:
        """What was compared, the training that goes on, and the source that was written."""
        shown = [*_compared(self.report["parity"]), *_training(self.report.get("training") or {})]
        if (count := len(self.report.get("outline", ()))) > _MOST_DRAWN:
            shown.append(Paragraph(f"The network has {count:,} parts: too many to draw.", dim=True))
        name = self.report["files"].get("python")
        if self.folder is not None and name is not None:
            source = (self.folder / name).read_text(encoding="utf-8")
            shown += [Heading("source", part=True), Source(source, title=name)]
        return shown

    def next_step(self) -> str:
        """The proof layer by layer, where there is a model."""
        if self.folder is None or "python" not in self.report["files"]:
            return ""
        paths = shlex.join([self.report["source"]["path"], str(self.folder)])
        return f"tfmigrate verify {paths}  (with --data FILE.npz on your own examples)"

    def blocks(self) -> list[Block]:
        """For people: inputs and outputs, variables, verdict."""
        report, parity = self.report, self.report["parity"]
        named = [", ".join(e["tensor"] for e in report[key]) for key in ("inputs", "outputs")]
        ends = [" → ".join(named)] if report["outputs"] else []
        rows = [
            [
                v["name"],
                str(tuple(v["shape"])),
                v["role"],
                v["fate"],
                ", ".join(v.get("targets") or [v["target"] or v["reason"] or ""]),
            ]
            for v in report["variables"]
        ]
        columns = ["variable", "shape", "role", "fate", "target or reason"]
        shown: list[Block] = [Heading(report["source"]["path"]), *map(Paragraph, ends)]
        if report["warnings"]:
            shown.append(Warnings(report["warnings"]))
        if report["notes"]:
            shown.append(Notes(report["notes"]))
        shown += _drawn(report.get("outline", ()))
        shown.append(Table(columns, rows))
        if state := report.get("torch"):
            shown.append(_state_dict(state))
        if blocks := report.get("blocks"):
            named = [f"{block['function']} × {block['times']}" for block in blocks]
            shown.append(Paragraph(f"Blocks of the source: {', '.join(named)}"))
        if self.folder is None:
            files = ", ".join(report["files"].values())
            return [
                *shown,
                *_planned(report),
                Closing(self.verdict, f"dry run, nothing written; a conversion writes {files}"),
            ]
        parts = [report["outcome"]]
        if reason := parity.get("reason"):
            parts.append(reason)
        if tolerance := parity.get("required_tolerance"):
            ulp = "" if parity["max_ulp"] is None else f" ({parity['max_ulp']} ULP)"
            parts += [
                f"worst {float(parity['max_abs']):.3g}{ulp} over {parity['examples']} examples",
                f"smallest tolerance that passes: atol {float(tolerance['atol']):.3g}",
            ]
        if run_by := parity.get("run_by"):
            parts.append(f"original run by {run_by}")
        shown += backends_blocks(report.get("backends") or [])
        shown += exports_blocks(report.get("exports") or [])
        parts += backends_told(report.get("backends") or [])
        parts += exports_told(report.get("exports") or [])
        if advice := parity.get("try"):
            shown.append(Paragraph(f"To prove it: {advice}"))
        return [
            *shown,
            Closing(self.verdict, " · ".join([*parts, _covered(report), str(self.folder)])),
        ]


def _drawn(parts: Sequence[Mapping[str, Any]]) -> list[Block]:
    """The network as a picture, where it has room on a page."""
    if not 0 < len(parts) <= _MOST_DRAWN:
        return []
    nodes = []
    for part in parts:
        times = f"{part['times']} × " if part["times"] > 1 else ""
        shape = "?" if part["gives"] is None else "×".join(str(n or "?") for n in part["gives"])
        detail = f"{part['name']} · {shape}" if part["name"] else shape
        nodes.append(Node(f"{times}{part['what']}", detail))
    edges = [(start, end) for end, part in enumerate(parts) for start in part["takes"]]
    return [Diagram("the network", nodes, edges)]


def _state_dict(state: Sequence[Mapping[str, Any]]) -> Table:
    """Each tensor for PyTorch, and the Keras variable that it is made of."""
    rows = [
        [
            entry["name"],
            entry["variable"] or "",
            "" if entry["from_shape"] is None else str(tuple(entry["from_shape"])),
            str(tuple(entry["shape"])),
            entry["done"],
        ]
        for entry in state
    ]
    alone = frozenset(i for i, entry in enumerate(state) if not entry["counterpart"])
    return Table(["PyTorch", "Keras", "shape", "becomes", "done"], rows, marked=alone)


def _compared(parity: Mapping[str, Any]) -> list[Block]:
    """Each output's difference."""
    outputs = parity.get("outputs") or {}
    if not outputs:
        return []
    rows = [
        [
            tensor,
            "×".join(map(str, found["shape"])),
            f"{float(found['max_abs']):.3g}",
            f"{float(found['max_rel']):.3g}",
            "" if found["max_ulp"] is None else f"{found['max_ulp']:,}",
            f"{float(found['scale']):.3g}",
        ]
        for tensor, found in outputs.items()
    ]
    columns = ["output", "shape", ">max abs", ">max rel", ">ULP", ">scale"]
    told = f"{parity['reference']} and the model on the same {parity['examples']} examples"
    table = Table(columns, rows)
    return [Heading("what was compared", part=True), Paragraph(told, dim=True), table]


def _training(training: Mapping[str, Any]) -> list[Block]:
    """The loss and the optimizer with its numbers, and the steps on both sides."""
    if not training:
        return []
    facts = {"loss": training["loss"], "labels": training["labels"], "step": training["step"]}
    facts |= {f"optimizer, {name}": value for name, value in training["optimizer"].items()}
    for function, own in (training.get("turns") or {}).items():
        facts |= {f"{function}, {name}": own[name] for name in ("loss", "labels", "step")}
    rows = [
        [name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)]
        for name, value in facts.items()
        if value is not None
    ]
    shown: list[Block] = [Heading("training", part=True), Table(["", ""], rows)]
    losses = (training.get("check") or {}).get("losses") or []
    return [*shown, *losses_drawn([(float(e["original"]), float(e["model"])) for e in losses])]


def _covered(report: Mapping[str, Any]) -> str:
    """What the verdict covers: outputs, variables and steps of training."""
    fates = [v["fate"] for v in report["variables"]]
    parts = [f"{fates.count('converted')} variables converted"]
    if skipped := fates.count("skipped"):
        parts.append(f"{skipped} skipped")
    if compared := len(report["parity"].get("outputs", ())):
        parts.insert(0, f"{compared} output{'s' if compared > 1 else ''}")
    if training := report.get("training"):
        check = training.get("check") or {}
        proved = check.get("verdict") == Verdict.PASS
        parts.append(f"{check['steps']} training steps" if proved else "training not compared")
    return ", ".join(parts)


def _planned(report: Mapping[str, Any]) -> list[Block]:
    """What only a plan shows: the layers, or by which steps each variable gets its values."""
    if layers := report.get("layers"):
        rows = [[layer["name"], layer["class"], str(layer["gives"])] for layer in layers]
        return [Table(["layer", "class", "gives"], rows)]
    rows = [
        [
            ", ".join(step["from"]),
            ", ".join(map(str, step["from_shapes"])),
            " → ".join(step["steps"]) or "unchanged",
            ", ".join(step["to"]),
            ", ".join(map(str, step["to_shapes"])),
        ]
        for step in report.get("plan", ())
        if step["to"]
    ]
    return [Table(["variable", "shape", "steps", "becomes", "shape"], rows)] if rows else []


def dry_run(report: dict[str, Any]) -> Conversion:
    """The result of a conversion that only planned."""
    report["parity"] = {"verdict": Verdict.NOT_RUN, "examples": 0, "reason": "dry run"}
    return Conversion(report, None)
