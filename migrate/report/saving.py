"""Files that pages and JSON documents are written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UserError, printable
from ..formats.atomic import check_file, whole_file

_OURS = {".html": b'<meta name="generator" content="tfmigrate">', ".json": b'"schema": 1'}
_HEAD = 1_000  # bytes, in which the mark of a file of ours stands


def check_place(path: str | Path, endings: Sequence[str] = tuple(_OURS)) -> Path:
    """Whether a result may be written to a path, before any work; returns the path behind links.

    Raises:
        UserError: it has another ending, a file of others is there, or the folder cannot be
            written to.
    """
    path = Path(path)
    if path.suffix not in endings:
        raise UserError(
            f"{printable(path)} has another ending",
            expected=f"a file name that ends in {' or '.join(endings)}",
        )
    return check_file(path, force=is_page(path))


def save_text(path: Path, text: str) -> None:
    """Writes a page or a document; the file appears whole or not at all.

    Raises:
        UserError: as :func:`check_place`, or the disk is full.
    """
    with whole_file(path, force=is_page(path)) as room:
        room.write_text(text, encoding="utf-8")


def is_page(path: Path) -> bool:
    """Whether a page or document is there that tfmigrate wrote."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _OURS[path.suffix] in file.read(_HEAD)
