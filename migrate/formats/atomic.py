"""Output that appears whole or not at all: written next to its place, moved there in one step."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from ..errors import UserError, printable

# linux/fs.h; renameat2(2). glibc has had it since 2.28, macOS never.
_NOREPLACE, _EXCHANGE = 1, 2
_AT_FDCWD = -100
_SUFFIX = ".partial"

# What a disk or its rights refuse; any other OSError inside a block is not about the output.
_REFUSALS = {
    errno.EACCES,
    errno.EBUSY,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
    errno.EXDEV,
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: Path, *, force: bool = False, size: int = 0) -> Iterator[Path]:
    """Yields a path to write to; the file appears at ``path`` when the block ends without an error.

    Killed at any moment, the process leaves either what was there before or the new file. A
    leftover of a killed process is removed by the next one that writes to the same place. Of two
    processes at once one wins, whole.

    Args:
        path: where the file shall be; its folder exists. The target of a link is replaced, not the
            link.
        force: whether a file that is there may be replaced.
        size: bytes that the file needs at least.

    Raises:
        UserError: as :func:`check_file`; or the disk or the rights forbid writing.
    """
    path = check_file(path, force=force)
    with room_beside(path, size) as room:
        yield room / path.name
        _publish(room / path.name, path, force)


@contextmanager
def whole_folder(
    path: Path,
    *,
    force: bool = False,
    ours: str = "report.json",
    size: int = 0,
    room: Path | None = None,
) -> Iterator[Path]:
    """Like :func:`whole_file`, for a folder: yields an empty folder to fill.

    Args:
        path: where the folder shall be; its parent exists.
        force: whether a folder that is there may be replaced, with everything in it.
        ours: as for :func:`check_folder`.
        size: bytes that its files need at least.
        room: of :func:`room_beside`, where it is there already.

    Raises:
        UserError: as :func:`check_folder`; or the disk or the rights forbid writing.
    """
    path = check_folder(path, force=force, ours=ours)
    with room_beside(path, size) if room is None else _within(room, path, size) as taken:
        folder = taken / path.name
        folder.mkdir()
        yield folder
        _publish(folder, path, force)


def check_file(path: Path, *, force: bool = False, spare: Iterable[Path] = ()) -> Path:
    """Whether a file may be written to a path, before any work; returns the path behind links.

    Args:
        path: where the file shall be.
        force: whether a file that is there may be replaced.
        spare: files that are read, which the output must not replace.

    Raises:
        UserError: it may not.
    """
    path = _checked(path, force, spare)
    if path.exists() and not path.is_file():
        raise UserError(f"{printable(path)} is not a regular file", try_="another name")
    return path


def check_folder(
    path: Path, *, force: bool = False, ours: str = "report.json", spare: Iterable[Path] = ()
) -> Path:
    """Whether a folder may be written to a path, before any work; returns the path behind links.

    Args:
        path: where the folder shall be.
        force: whether a folder that is there may be replaced.
        ours: the file that tells a folder of ours; one without it is never replaced unless empty,
            lest ``--force`` with the wrong path takes someone's work away.
        spare: files that are read, which the output must not replace.

    Raises:
        UserError: it may not.
    """
    path = _checked(path, force, spare)
    with _surroundings(path):
        if path.exists() and not path.is_dir():
            raise UserError(f"{printable(path)} is a file, not a folder", try_="another -o")
        if path.is_dir() and any(path.iterdir()) and not (path / ours).exists():
            raise UserError(
                f"{printable(path)} is a folder that contains other files",
                expected=f"a new folder, or one that contains {ours}",
                try_="another -o",
            )
        if path.is_dir() and any(path.glob(f"*/{ours}")):
            raise UserError(
                f"{printable(path)} is a folder of several conversions", try_="another -o"
            )
    return path


def _checked(path: Path, force: bool, spare: Iterable[Path]) -> Path:
    """The path behind links, which may be written to."""
    with _surroundings(path):
        if os.path.lexists(path) and not force:
            raise _exists(path)
        if path.is_symlink() and not path.exists():
            raise UserError(
                f"{printable(path)} is a link to {printable(os.readlink(path))}, which does not "
                "exist",
                try_="removing the link, or another -o",
            )
        if path.name in ("", ".."):
            raise UserError(f"{printable(path)} is not a name for an output")
        if path.is_symlink():
            path = path.resolve()
        parent = path.parent
        if not parent.is_dir():
            if parent.exists():
                raise UserError(f"{printable(parent)} is a file, not a folder", try_="another -o")
            raise UserError(
                f"there is no folder {printable(parent)}",
                try_=f"mkdir -p {printable(quote(str(parent)), None)}",
            )
        if not os.access(parent, os.W_OK | os.X_OK):
            raise UserError(
                f"cannot write {printable(path)}: {printable(parent)} is not writable",
                try_="a writable folder with enough free space",
            )
        for read in spare:
            taken = Path(os.path.realpath(read))
            if path.resolve() in (taken, *taken.parents):
                what = "is" if path.resolve() == taken else "contains"
                raise UserError(
                    f"the output {printable(path)} {what} {printable(read)}, which is read",
                    try_="another -o",
                )
    return path


@contextmanager
def room_beside(path: Path, size: int = 0) -> Iterator[Path]:
    """A locked folder beside ``path`` in which the output grows; gone when the block ends.

    Args:
        path: of the output, behind links.
        size: bytes that it needs at least.

    Raises:
        UserError: the disk or the rights forbid writing.
    """
    with _surroundings(path, size):
        stem = f".{path.name[:60]}."
        _sweep(path.parent, stem)
        _check_space(path, size)
        room = path.parent / f"{stem}{secrets.token_hex(6)}{_SUFFIX}"
        handle = None
        try:
            handle = _locked(room)
            yield room
        finally:
            _remove(room)
            if handle is not None:
                os.close(handle)


@contextmanager
def _within(room: Path, path: Path, size: int) -> Iterator[Path]:
    """A room that is there already, for one attempt."""
    with _surroundings(path, size):
        _check_space(path, size)
        try:
            yield room
        finally:
            _remove(room / path.name)


def _check_space(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if size > free:
        raise UserError(
            f"{printable(path)} needs {size:,} bytes, and its disk has {free:,} left",
            try_="another -o, on a disk with more free space",
        )


def _locked(room: Path) -> int:
    """Makes the folder; returns the descriptor that holds its lock."""
    while True:
        try:
            room.mkdir()
        except FileNotFoundError as error:  # /proc, which has no folders of ours
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(room)) from error
        # Until it is locked, another process's sweep may take it for a leftover.
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(room, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if room.exists():
                return handle
            os.close(handle)


def _remove(room: Path) -> None:
    """Removes a folder, to the end also where a signal interrupts it."""
    try:
        shutil.rmtree(room, ignore_errors=True)
    except KeyboardInterrupt:
        _remove(room)
        raise


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
def _surroundings(path: Path, size: int = 0) -> Iterator[None]:
    """Reports what the disk or its rights refuse; inside another output, that one reports it."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        if path != _outside(path):
            error.filename = error.filename or str(path)
            raise
        named = _outside(Path(os.fsdecode(error.filename))) if error.filename is not None else path
        file = named if path in named.parents else path
        need = f"; all of it needs {size:,} bytes" if size and error.errno in _FULL else ""
        raise UserError(
            f"cannot write {printable(file)}: {error.strerror}{need}; no partial output remains",
            try_="a writable folder with enough free space",
        ) from error


def _outside(path: Path) -> Path:
    """The place that a path inside a room will have."""
    return Path(*(part for part in path.parts if not part.endswith(_SUFFIX)))
