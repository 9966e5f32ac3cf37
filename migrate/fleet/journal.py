"""report.json of a fleet: written after every conversion, read by the next command."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError, printable
from ..formats import whole_file
from ..report import plain

NAME = "report.json"
KIND = "conversions"
_TEXTS = ("source", "folder", "state", "files", "made_by")


@dataclass
class Journal:
    """What is known of every source of a folder.

    Attributes:
        folder: that holds the outputs; None for a dry run.
        rows: folder name → one conversion, as report.json has it.
        notes: of this command.
    """

    folder: Path | None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """Absolute path of a source → name of its folder."""
        return {row["source"]: name for name, row in self.rows.items()}

    def to_dict(self) -> dict[str, Any]:
        """The content of report.json."""
        return plain(
            {
                "schema": 1,
                "kind": KIND,
                "conversions": list(self.rows.values()),
                "notes": self.notes,
            }
        )

    def write(self) -> None:
        """Writes report.json, which appears whole."""
        if self.folder is not None:
            with whole_file(self.folder / NAME, force=True) as room:
                text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
                room.write_text(text + "\n", encoding="utf-8")


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """The journal of a folder, which is made if there is none; no other command may have it.

    Raises:
        UserError: the folder holds something else, another command writes there, or it cannot be
            written.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{printable(folder)} is a file, not a folder", try_="another -o")
    if not folder.exists():
        if not folder.parent.is_dir():
            raise UserError(
                f"there is no folder {printable(folder.parent)}",
                try_=f"mkdir -p {printable(folder.parent)}",
            )
        folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"another command writes to {printable(folder)}", try_="another -o, or waiting"
            ) from None
        yield Journal(folder, _read(folder))
    finally:
        os.close(handle)


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of the commands before; none in a folder that is empty.

    Raises:
        UserError: the folder is not one of several conversions.
    """
    if not (folder / NAME).exists():
        if all(name.endswith(".partial") for name in os.listdir(folder)):
            return {}
        raise _other(folder)
    try:
        report = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise _other(folder) from None
    if not isinstance(report, dict) or report.get("kind") != KIND:
        raise _other(folder)
    rows = report.get("conversions")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise UserError(
            f"{printable(folder / NAME)} is damaged", try_="another -o, or removing the folder"
        )
    return {row["folder"]: row for row in rows}


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in _TEXTS):
        return False
    return os.path.basename(row["folder"]) == row["folder"] not in ("", ".", "..")


def _other(folder: Path) -> UserError:
    return UserError(
        f"{printable(folder)} is a folder that contains other files",
        expected="a new folder, or one of an earlier command with several sources",
        try_="another -o",
    )
