"""Files that pages and JSON documents are written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UserError, printable
from ..formats.atomic import check_file, whole_file

ENDINGS = (".html", ".json")
_MARK = b'<meta name="generator" content="tfmigrate">'
_HEAD = 1_000  # bytes of a page, in which its mark stands


def check_place(path: str | Path, endings: Sequence[str] = ENDINGS) -> Path:
    """Whether a result may be written to a path, before any work; returns the path behind links.

    Raises:
        UserError: it has another ending, a file is there that is no page of tfmigrate, or the
            folder cannot be written to.
    """
    path = Path(path)
    if path.suffix not in endings:
        raise UserError(
            f"{printable(path)} does not end in {' or '.join(endings)}",
            try_=printable(path.with_suffix(endings[0]).name),
        )
    if path.exists() and not is_page(path):
        raise UserError(
            f"{printable(path)} already exists, and is not a page that tfmigrate wrote",
            try_="another file name",
        )
    return check_file(path, force=True)


def save_text(path: Path, text: str) -> None:
    """Writes a page or a document; the file appears whole or not at all.

    Raises:
        UserError: as :func:`check_place`, or the disk is full.
    """
    with whole_file(check_place(path), force=True) as room:
        room.write_text(text, encoding="utf-8")


def is_page(path: Path) -> bool:
    """Whether a page is there that tfmigrate wrote."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _MARK in file.read(_HEAD)
