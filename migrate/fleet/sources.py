"""The sources of a fleet: patterns expanded, files of one checkpoint joined, a folder name each."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..checkpoint.locate import locate
from ..errors import UserError, printable

_ENDING = re.compile(r"(?s)(.+?)(?:\.index|\.meta|\.data-\d{5}-of-\d{5})")
_FILE = re.compile(r"(?s)\.index|\.meta|\.data-\d{5}-of-\d{5}|-\d{5}-of-\d{5}|")
_LONGEST = 200  # bytes of a folder's name


def is_pattern(given: str | Path) -> bool:
    """Whether a source is a pattern such as ``runs/*/*.index``, and not the name of a file."""
    text = os.fspath(given)
    there = any(os.path.lexists(text + ending) for ending in ("", ".index", ".meta"))
    return glob.has_magic(text) and not there


def expanded(given: Iterable[str | Path]) -> list[Path]:
    """The sources that paths and patterns name: each checkpoint once, by its prefix.

    Raises:
        UserError: no file matches a pattern.
    """
    found: dict[str, Path] = {}
    for each in given:
        paths = [each]
        if is_pattern(each):
            paths = sorted(glob.glob(os.fspath(each), recursive=True))
            if not paths:
                raise UserError(
                    f"no file matches {printable(each)}",
                    expected="a pattern such as 'runs/*/model.ckpt-*.index'",
                )
        for path in paths:
            source = _of_prefix(Path(path))
            found.setdefault(_place(source), source)
    return list(found.values())


def _of_prefix(path: Path) -> Path:
    """The prefix of the checkpoint that a file belongs to; the path itself where there is none."""
    match = _ENDING.fullmatch(str(path))
    whole = match is not None and any(os.path.isfile(match[1] + end) for end in ("", ".index"))
    return Path(match[1]) if match is not None and whole else path


def _place(source: Path) -> str:
    """What is the same for all names of one source."""
    prefix = _prefix(source)
    return os.path.abspath(source if prefix is None else prefix)


def _prefix(source: Path) -> str | None:
    """The prefix of a checkpoint; None of a graph, a SavedModel or a file of Keras."""
    if source.suffix in (".pb", ".pbtxt", ".keras", ".h5"):
        return None
    try:
        located = locate(source)
    except UserError:  # which its conversion reports
        return None
    return None if located.saved_model is not None else located.prefix


def digest(source: Path, more: Iterable[Path] = ()) -> str:
    """Tells versions of a source from each other: by names, sizes and times of its files.

    Args:
        more: files that its conversion reads too.
    """
    known = hashlib.sha256()
    for path in (*_files(source), *map(str, more)):
        try:
            status = os.stat(path)
        except OSError:
            continue
        known.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode())
    return known.hexdigest()[:32]


def weight(source: Path) -> int:
    """Bytes of the files of a source."""
    return sum(os.path.getsize(path) for path in _files(source) if os.path.isfile(path))


def _files(source: Path) -> list[str]:
    prefix = _prefix(source)
    if prefix is not None:
        names = glob.glob(glob.escape(prefix) + "*")
        return sorted(name for name in names if _FILE.fullmatch(name[len(prefix) :]))
    return sorted(map(str, source.rglob("*") if source.is_dir() else [source]))


def named(sources: Sequence[Path], before: Mapping[str, str]) -> dict[Path, str]:
    """Source → name of its folder.

    Args:
        before: absolute path of a source → the name it has from an earlier command.
    """
    shared = os.path.commonpath([os.path.dirname(os.path.abspath(source)) for source in sources])
    taken = {name.casefold() for name in before.values()} | {"report.json"}
    found = {}
    for source in sources:
        path = os.path.abspath(source)
        name = before.get(path)
        if name is None:
            stem = os.path.relpath(path, shared).replace(os.sep, "-").lstrip(".") or "source"
            stem = stem.encode(errors="surrogateescape")[-_LONGEST:].decode(errors="ignore")
            name, number = stem, 1
            while name.casefold() in taken:
                number += 1
                name = f"{stem}-{number}"
            taken.add(name.casefold())
        found[source] = name
    return found
