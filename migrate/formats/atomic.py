"""Output that appears whole or not at all: written next to its place, moved there in one step."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError, printable

# linux/fs.h; renameat2(2). glibc has had it since 2.28, macOS never.
_NOREPLACE, _EXCHANGE = 1, 2
_AT_FDCWD = -100
_SUFFIX = ".partial"

# What a disk or its rights refuse; any other OSError inside a block is not about the output.
_REFUSALS = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


@contextmanager
def whole_file(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Yields a path to write to; the file appears at ``path`` when the block ends without an error.

    Killed at any moment, the process leaves either what was there before or the new file. A
    leftover of a killed process is removed by the next one that writes to the same place. Of two
    processes at once one wins, whole.

    Args:
        path: where the file shall be; its folder exists.
        force: whether a file that is there may be replaced.

    Raises:
        UserError: ``path`` exists and ``force`` is false, or the disk or the rights forbid writing.
    """
    with _beside(path, force) as room:
        yield room / path.name
        _publish(room / path.name, path, force)


@contextmanager
def whole_folder(path: Path, *, force: bool = False, ours: str = "report.json") -> Iterator[Path]:
    """Like :func:`whole_file`, for a folder: yields an empty folder to fill.

    Args:
        path: where the folder shall be; its parent exists.
        force: whether a folder that is there may be replaced, with everything in it.
        ours: the file that tells a folder of ours; one without it is never replaced unless empty,
            lest ``--force`` with the wrong path takes someone's work away.

    Raises:
        UserError: as for files, or what is there is a file or a folder that is not ours.
    """
    if force and path.is_file():
        raise UserError(f"{printable(path)} is a file, not a folder", try_="another -o")
    if force and path.is_dir() and any(path.iterdir()) and not (path / ours).exists():
        raise UserError(
            f"{printable(path)} is a folder that contains other files",
            expected=f"a new folder, or one that contains {ours}",
            try_="another -o",
        )
    with _beside(path, force) as room:
        folder = room / path.name
        folder.mkdir()
        yield folder
        _publish(folder, path, force)


@contextmanager
def _beside(path: Path, force: bool) -> Iterator[Path]:
    """A locked folder beside ``path`` in which the output grows; gone when the block ends."""
    with _surroundings(path):
        if path.exists() and not force:
            raise _exists(path)
        if path.name in ("", ".."):
            raise UserError(f"{printable(path)} is not a name for an output")
        if not path.parent.is_dir():
            raise UserError(
                f"there is no folder {printable(path.parent)}", try_=f"mkdir -p {path.parent}"
            )
        stem = f".{path.name[:60]}."
        _sweep(path.parent, stem)
        room, handle = _room(path.parent, stem)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
            os.close(handle)


def _room(parent: Path, stem: str) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock."""
    while True:
        room = parent / f"{stem}{secrets.token_hex(6)}{_SUFFIX}"
        room.mkdir()
        # Until it is locked, another process's sweep may take it for a leftover.
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(room, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if room.exists():
                return room, handle
            os.close(handle)


def _sweep(parent: Path, stem: str) -> None:
    """Removes what killed processes left: rooms whose lock nobody holds."""
    for name in os.listdir(parent):
        if not (name.startswith(stem) and name.endswith(_SUFFIX)):
            continue
        with contextlib.suppress(OSError):
            handle = os.open(parent / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(parent / name, ignore_errors=True)
            finally:
                os.close(handle)


def _publish(new: Path, path: Path, force: bool) -> None:
    # Without an fsync a power cut could leave a name without bytes; as with cp, a crash of this
    # process cannot, and an fsync would cost as much again as the whole conversion.
    while True:
        try:
            return _rename(new, path, _NOREPLACE)
        except FileExistsError:
            if not force:
                raise _exists(path) from None
        try:
            return _rename(new, path, _EXCHANGE)  # the old one is now in the room, and goes with it
        except FileNotFoundError:
            continue  # someone removed the old one meanwhile


def _rename(new: Path, path: Path, flag: int) -> None:
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    source, target = os.fsencode(new), os.fsencode(path)
    if rename is not None:
        if rename(_AT_FDCWD, source, _AT_FDCWD, target, flag) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), str(path))
    # A file system without renameat2: a file is still replaced in one step, a folder in two.
    if flag == _NOREPLACE and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    if flag == _EXCHANGE and (path.is_dir() or new.is_dir()):
        os.rename(path, new.with_name(f"{secrets.token_hex(6)}-old"))
    os.rename(new, path)


def _exists(path: Path) -> UserError:
    return UserError(
        f"{printable(path)} already exists", try_="--force to replace it, or another -o"
    )


@contextmanager
def _surroundings(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise UserError(
            f"cannot write {printable(path)}: {error.strerror}; no partial output remains",
            try_="a writable folder with enough free space",
        ) from error
