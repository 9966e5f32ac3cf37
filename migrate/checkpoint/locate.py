"""Finds the files of one checkpoint from a path."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UserError, printable
from .table import MAGIC, unreadable

LFS_SIGNATURE = b"version https://git-lfs"

_DATA = re.compile(r"(?s)(.*)\.data-\d{5}-of-\d{5}")
_SHARD = re.compile(r"(?s)(.*)-\d{5}-of-(\d{5})")
_LEFTOVER = re.compile(r"(?s)(.*)\.index\.tempstate\d*|(.*)_temp_[0-9a-f]{32}(?:/.*)?")
_STEP = re.compile(r"(?s)(.*?)(\d*)")
_STATE_LINE = re.compile(r'\s*(\w+)\s*:\s*"((?:[^"\\]|\\.)*)"')
_MAX_STATE = 1 << 20  # bytes of a `checkpoint` file that are looked at

_KINDS = (  # first bytes → what it is instead
    (b"\x89HDF", "an HDF5 file, as Keras writes .h5"),
    (b"PK\x03\x04", "a zip archive, as .keras and .npz are"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x93NUMPY", "a numpy array"),
    (LFS_SIGNATURE, "a Git LFS pointer, not the file itself (run: git lfs pull)"),
)


@dataclass
class Located:
    """The files of one checkpoint.

    Args:
        prefix: what the suffixes follow; ends with a slash where the basename is empty.
        tables: the V1 table files; empty for V2.
    """

    prefix: str
    tables: tuple[Path, ...] = ()
    saved_model: Path | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def meta(self) -> Path | None:
        """The MetaGraph beside it, if there is one."""
        path = Path(self.prefix + ".meta")
        return path if path.is_file() else None


def locate(source: str | os.PathLike[str]) -> Located:
    """Find the checkpoint of a source.

    Args:
        source: a prefix, any file of a checkpoint, a folder that holds one, a SavedModel.

    Raises:
        UserError: there is none, or more than one and no 'checkpoint' file that names one.
    """
    text = os.fspath(source)
    if not text or "\0" in text:
        raise UserError(f"{printable(text)!r} is not a path", expected="a checkpoint")
    try:
        if os.path.isdir(text):
            return _in_folder(text)
        if os.path.isfile(text):
            return _of_file(text)
        if os.path.lexists(text) and not os.path.exists(text):
            raise UserError(f"{printable(text)} is a link to a file that does not exist")
        if os.path.exists(text):
            raise UserError(f"{printable(text)} is not a regular file", expected="a checkpoint")
        return _of_prefix(text)
    except OSError as error:
        raise unreadable(Path(text), error) from None


def _of_file(text: str) -> Located:
    folder, name = os.path.split(text)
    if name == "checkpoint" and not _has_magic(text):
        return _in_folder(folder or ".")
    if name in ("saved_model.pb", "saved_model.pbtxt"):
        return _in_folder(folder or ".")
    if match := _LEFTOVER.fullmatch(text):
        raise _interrupted(match[1] or match[2], name)
    if name.endswith(".index"):
        return _of_prefix(text.removesuffix(".index"))
    if match := _DATA.fullmatch(text):
        return _of_prefix(match[1])
    if name.endswith(".meta"):
        return _of_prefix(text.removesuffix(".meta"))
    if _has_magic(text):
        if match := _SHARD.fullmatch(text):
            return _of_prefix(match[1])
        return Located(text, (Path(text),))
    if os.path.isfile(text + ".index"):
        return _of_prefix(text)
    raise _no_checkpoint(text)


def _of_prefix(prefix: str) -> Located:
    index = prefix + ".index"
    folder, base = os.path.split(prefix)
    names = _names(folder)
    shards = sorted(n for n in names if (m := _SHARD.fullmatch(n)) and m[1] == base)
    data = [n for n in names if (m := _DATA.fullmatch(n)) and m[1] == base]
    leftovers = [n for n in names if (m := _LEFTOVER.fullmatch(n)) and base in (m[1], m[2])]
    if f"{base}.index" in names:
        if not _has_magic(index):
            raise _no_checkpoint(index)
        found = Located(prefix)
        if leftovers:
            found.notes.append(
                f"{printable(leftovers[0])} next to it is left over from an interrupted save"
            )
        if folder and os.path.basename(folder) == "variables" and base == "variables":
            parent = Path(folder).parent
            if (parent / "saved_model.pb").is_file() or (parent / "saved_model.pbtxt").is_file():
                found.saved_model = parent
        return found
    if base in names and os.path.isfile(prefix):
        if not _has_magic(prefix):
            raise _no_checkpoint(prefix)
        return Located(prefix, (Path(prefix),))
    if shards:
        return _sharded(prefix, folder, shards)
    if leftovers:
        raise _interrupted(prefix, leftovers[0])
    if data:
        raise UserError(
            f"{printable(os.path.join(folder, data[0]))} has no index",
            expected=f"{printable(base)}.index next to it",
            try_="copying it: without it the data has neither names nor shapes",
        )
    if f"{base}.meta" in names:
        raise UserError(
            f"{printable(prefix)}.meta is a graph without weights",
            expected=f"{printable(base)}.index and {printable(base)}.data-… next to it",
            try_="copying them",
        )
    raise _missing(prefix, folder, base, names)


def _sharded(prefix: str, folder: str, shards: list[str]) -> Located:
    matched = [(int(m[2]), n) for n in shards if (m := _SHARD.fullmatch(n))]
    total = matched[0][0]
    if any(count != total for count, _ in matched) or len(matched) != total:
        raise UserError(
            f"{printable(prefix)} has {len(matched)} of its {total} parts",
            expected=f"{printable(prefix)}-00000-of-{total:05d} and so on, all of them",
        )
    paths = tuple(Path(folder, n) for n in shards)
    for path in paths:
        if not _has_magic(str(path)):
            raise _no_checkpoint(str(path))
    return Located(prefix, paths)


def _in_folder(text: str) -> Located:
    folder = text.rstrip("/") or "/"
    names = _names(folder)
    if {"saved_model.pb", "saved_model.pbtxt"} & set(names):
        return _in_saved_model(folder)
    prefixes = _prefixes(folder, names)
    if "checkpoint" in names and (stated := _stated(os.path.join(folder, "checkpoint"))):
        return _choose_stated(folder, stated, prefixes)
    if not prefixes:
        if os.path.isfile(folder + ".index"):
            return _of_prefix(folder)
        raise _folder_without(folder, names)
    return _choose(folder, prefixes, [])


def _in_saved_model(folder: str) -> Located:
    prefix = os.path.join(folder, "variables", "variables")
    if not os.path.isfile(prefix + ".index"):
        if os.path.isdir(os.path.dirname(prefix)) and _names(os.path.dirname(prefix)):
            return _of_prefix(prefix)  # which says what of it is missing
        raise UserError(
            f"the SavedModel {printable(folder)} has no variables",
            expected="variables/variables.index in it",
        )
    found = _of_prefix(prefix)
    found.saved_model = Path(folder)
    return found


def _choose_stated(folder: str, stated: list[str], prefixes: list[str]) -> Located:
    """Follow a `checkpoint` file, by the names in it: its folders are often another machine's."""
    notes = []
    for i, path in enumerate(stated):
        parts = re.split(r"[/\\]", path)
        foreign = path.startswith(("/", "\\\\")) or re.match(r"[A-Za-z]:", path)
        base = "" if parts[-1] == "." else parts[-1]
        # The folder the file lies in comes first: nobody moves a file that says where it is.
        inner = [] if foreign or ".." in parts else [os.path.join(*parts[:-1], base)]
        for tail in (path, *inner, base):  # the path as it is, for names that hold a backslash
            there = tail in inner and os.path.isfile(f"{folder}/{tail}.index")
            if there or tail in prefixes:
                if i:
                    notes.append(
                        f"the 'checkpoint' file names {printable(stated[0])}, which does not "
                        f"exist; the next one that it lists is used: {printable(tail)}"
                    )
                elif foreign and os.path.realpath(path) != os.path.realpath(f"{folder}/{base}"):
                    notes.append(
                        f"the 'checkpoint' file names a path in another folder: {printable(path)}"
                    )
                found = _of_prefix(os.path.join(folder, tail))
                found.notes[:0] = notes
                return found
    notes.append(f"the 'checkpoint' file names {printable(stated[0])}, which does not exist")
    if not prefixes:
        base = re.split(r"[/\\]", stated[0])[-1]
        return _of_prefix(os.path.join(folder, base))  # which says what of it is missing
    return _choose(folder, prefixes, notes)


def _choose(folder: str, prefixes: list[str], notes: list[str]) -> Located:
    """The only one, or the latest step of the only series."""
    chosen = prefixes[0]
    if len(prefixes) > 1:
        steps = [(m[1], int(m[2] or -1)) for p in prefixes if (m := _STEP.fullmatch(p))]
        if len({stem for stem, _ in steps}) > 1 or min(step for _, step in steps) < 0:
            names = ", ".join(printable(p, 40) for p in prefixes[:4])
            more = ", …" if len(prefixes) > 4 else ""
            raise UserError(
                f"{printable(folder)} contains {len(prefixes)} checkpoints: {names}{more}",
                expected="one, or a 'checkpoint' file that names one",
                try_=f"the path of one: {printable(os.path.join(folder, prefixes[-1]))}",
            )
        chosen = max(zip(steps, prefixes, strict=True))[1]
        notes.append(f"the latest step of {len(prefixes)} checkpoints is used: {chosen}")
    elif notes:
        notes.append(f"the only checkpoint in the folder is used: {printable(chosen)}")
    found = _of_prefix(os.path.join(folder, chosen))
    found.notes[:0] = notes
    return found


def _stated(path: str) -> list[str]:
    """The paths of a `checkpoint` file (CheckpointState, text format), the latest first."""
    with open(path, "rb") as file:
        text = file.read(_MAX_STATE).decode(errors="replace")
    latest, others = [], []
    for line in text.splitlines():
        if match := _STATE_LINE.match(line):
            value = re.sub(r"\\(.)", r"\1", match[2])  # the one escape paths have: \\ and \"
            if "\0" in value:
                continue  # damage: no path holds one
            if match[1] == "model_checkpoint_path":
                latest.append(value)
            elif match[1] == "all_model_checkpoint_paths":
                others.append(value)
    return list(dict.fromkeys(latest[-1:] + others[::-1]))


def _prefixes(folder: str, names: list[str]) -> list[str]:
    """The checkpoints in a folder, by name; V1 files are told by their last bytes."""
    found = {n.removesuffix(".index") for n in names if n.endswith(".index")}
    for name in names:
        if name.endswith((".index", ".meta")) or _DATA.fullmatch(name):
            continue
        if _LEFTOVER.fullmatch(name):
            continue
        path = os.path.join(folder, name)
        with suppress(PermissionError):  # what we may not look into is nobody's source
            if os.path.isfile(path) and _has_magic(path):
                match = _SHARD.fullmatch(name)
                found.add(match[1] if match else name)
    return sorted(found)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or "."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _has_magic(path: str) -> bool:
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) < len(MAGIC):
            return False
        file.seek(-len(MAGIC), os.SEEK_END)
        return file.read() == MAGIC


def _no_checkpoint(path: str) -> UserError:
    """Raises for a file that is not a table, and names its real format."""
    with open(path, "rb") as file:
        head = file.read(64)
    what = next((kind for start, kind in _KINDS if head.startswith(start)), None)
    if not head:
        what = "empty, after an interrupted save or a failed copy"
    elif what is None and path.endswith(".index"):
        what = "cut short or damaged: the table's closing bytes are missing"
    elif what is None and path.endswith((".pb", ".pbtxt")):
        what = "a graph, not a checkpoint"
    return UserError(
        f"{printable(path)} is {what or 'not a checkpoint'}",
        expected="a TensorFlow checkpoint: a prefix, its .index, or a V1 table file",
    )


def _interrupted(prefix: str, leftover: str) -> UserError:
    return UserError(
        (
            f"{printable(leftover)} is left over from an interrupted save; {printable(prefix)} "
            "has no index"
        ),
        expected="a complete save",
        try_="an earlier step",
    )


def _folder_without(folder: str, names: list[str]) -> UserError:
    if leftovers := [n for n in names if _LEFTOVER.fullmatch(n)]:
        return _interrupted(os.path.join(folder, "…"), leftovers[0])
    for name in names:
        if match := _DATA.fullmatch(name):
            try:
                _of_prefix(os.path.join(folder, match[1]))
            except UserError as error:
                return error
    metas = [n for n in names if n.endswith(".meta")]
    if metas:
        return UserError(
            f"{printable(folder)} contains a graph, {printable(metas[0])}, but no weights",
            expected="an .index and .data-… next to it",
        )
    return UserError(
        f"{printable(folder)} contains no checkpoint",
        expected="a folder with an .index file, a V1 table or a SavedModel in it",
    )


def _missing(prefix: str, folder: str, base: str, names: list[str]) -> UserError:
    if folder and not os.path.isdir(folder):
        return UserError(f"{printable(folder)} does not exist", expected="a folder")
    near = [p for p in _prefixes(folder, names) if base and p.startswith(base)]
    if near:
        hint = printable(os.path.join(folder, near[-1]))
        return UserError(f"{printable(prefix)} does not exist", try_=hint)
    return UserError(f"{printable(prefix)} does not exist", expected="a checkpoint")
