"""One conversion as a row of report.json: what it was made from, and how it ended."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..conversion.request import Request
from ..conversion.result import Conversion
from ..errors import printable
from ..parity import Verdict
from ..report import plain
from .sources import digest

Row = dict[str, Any]

WAITING, CONVERTED, FAILED = "waiting", "converted", "failed"
_ENDED = ("outcome", "verdict", "max_abs", "max_ulp", "examples", "not_run", "seconds", "error")
_WITHOUT_EFFECT = ("timeout",)
_TRY = "; try --force to replace it, or another -o"


def made_by() -> str:
    """The versions that a conversion depends on."""
    packages = ("tfmigrate", "tensorflow", "keras")
    return ", ".join(f"{package} {version(package)}" for package in packages)


def new_row(source: Path, name: str, request: Request, options: dict[str, Any]) -> Row:
    """A source that waits: what its conversion depends on."""
    matter = {k: v for k, v in plain(options).items() if k not in _WITHOUT_EFFECT}
    others = [path for path in request.files if path != request.source]
    return {
        "source": str(source.absolute()),
        "folder": name,
        "state": WAITING,
        "files": digest(source, others),
        "options": matter,
        "made_by": made_by(),
        **dict.fromkeys(_ENDED),
        "status": 0,
    }


def converted(result: Conversion) -> Row:
    """What a conversion adds to its row; after a dry run the source still waits."""
    report, parity = result.report, result.report["parity"]
    elsewhere = [*report.get("backends", ()), *report.get("exports", ())]
    return {
        "state": CONVERTED if result.folder is not None else WAITING,
        "outcome": report["outcome"],
        "verdict": str(result.verdict),
        "max_abs": parity.get("max_abs"),
        "max_ulp": parity.get("max_ulp"),
        "examples": parity["examples"],
        "not_run": {
            entry.get("backend") or entry["format"]: entry["reason"]
            for entry in elsewhere
            if entry["verdict"] == Verdict.NOT_RUN
        },
        "status": result.exit_status(),
    }


def failed(error: str | None, status: int) -> Row:
    """What an error adds to a row."""
    return {"state": FAILED, "error": printable(error, None), "status": status}


def is_there(row: Row, folder: Path) -> bool:
    """Whether the folder has the output of a row."""
    return row["state"] == CONVERTED and (folder / row["folder"] / "report.json").is_file()


def differs(old: Row, new: Row) -> str | None:
    """Why an output is not the one that is wanted now; None if it is."""
    if old["files"] != new["files"]:
        return f"was converted from files that have changed since{_TRY}"
    if old["made_by"] != new["made_by"]:
        return f"was converted by {old['made_by']}{_TRY}"
    if old.get("options") != new["options"]:
        return f"was converted with other options{_TRY}"
    return None
