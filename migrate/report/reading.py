"""report.json of a conversion, read back: everything has the type that it is read as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError, printable

_MOST_EXAMPLES = 1 << 20  # no conversion measures with as many
_TEXT = (str, type(None))
_ENTRIES: dict[str, dict[str, tuple[type, ...]]] = {
    "inputs": {"tensor": (str,), "name": _TEXT},
    "outputs": {"tensor": (str,), "name": _TEXT},
    "layers": {"tensor": _TEXT, "name": _TEXT},
    "variables": {
        "name": (str,),
        "role": (str,),
        "fate": (str,),
        "target": _TEXT,
        "path": _TEXT,
        "untouched": (bool, type(None)),
    },
}


def read_report(folder: Path) -> dict[str, Any]:
    """The report.json in a folder; {} where there is none, or where it is another program's.

    Raises:
        UserError: the file cannot be read, or is damaged.
    """
    path = folder / "report.json"
    if not path.is_file():
        return {}
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _damaged(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"is damaged: {printable(error)}") from None
    if not isinstance(report, dict) or report.get("schema") != 1:
        return {}
    if wrong := _wrong(report):
        raise _damaged(path, f"is damaged: {wrong} is missing or wrong")
    return report


def _damaged(path: Path, what: str) -> UserError:
    return UserError(
        f"{printable(path)} {what}",
        expected="the report of convert-ckpt",
        try_="converting again, or the model in a folder without report.json",
    )


def _wrong(report: Mapping[str, Any]) -> str | None:
    """The first part that is not what a conversion writes, or None."""
    source = report.get("source")
    path = source.get("path") if isinstance(source, dict) else None
    if not isinstance(path, str) or not path or "\0" in path:
        return "source.path"
    for key, kinds in _ENTRIES.items():
        entries = report.get(key)
        if entries is None:
            continue
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            return key
        for number, entry in enumerate(entries):
            for field, kind in kinds.items():
                if not isinstance(entry.get(field), kind):
                    return f"{key}[{number}].{field}"
    for key in ("fed", "asked", "parity", "training"):
        if not isinstance(report.get(key), (dict, type(None))):
            return key
    examples = (report.get("parity") or {}).get("examples", 0)
    if type(examples) is not int or not 0 <= examples <= _MOST_EXAMPLES:
        return "parity.examples"
    return None
