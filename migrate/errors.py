"""Errors a user can act on, and the exit status each ends with."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

EXIT_OK = 0
EXIT_DIFFERENCE = 1
EXIT_USER = 2
EXIT_NOT_PROVED = 3
EXIT_BUG = 101
EXIT_INTERRUPTED = 130

# What the environment refuses is the user's to mend, not a bug: the disk, the rights, the path.
_SURROUNDINGS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.EFBIG,
    errno.EIO,
}


class UserError(Exception):
    """The user's input or environment has a problem: one clear message, exit status 2.

    Args:
        problem: what is wrong, with the offending value as received.
        expected: the valid values.
        try_: what to do next; a command where there is one.

    The message is one line: ``problem; expected …; try …``.
    """

    exit_status = EXIT_USER

    def __init__(self, problem: str, *, expected: str | None = None, try_: str | None = None):
        self.problem, self.expected, self.try_ = problem, expected, try_
        parts = [problem]
        if expected:
            parts.append(f"expected {expected}")
        if try_:
            parts.append(f"try {try_}")
        super().__init__("; ".join(parts))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the line, not the way to it."""
        return [f"error: {self}"]


def described(error: Exception) -> tuple[str, int]:
    """The one line that reports an error, and the exit status it ends with."""
    if isinstance(error, UserError):
        return str(error), error.exit_status
    if isinstance(error, MemoryError):
        why = f": {error}" if str(error) else ""
        return (
            f"there is not enough memory{why}; try fewer examples, or a machine with more memory",
            EXIT_USER,
        )
    if isinstance(error, OSError) and error.errno in _SURROUNDINGS:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}", EXIT_USER
    first = "".join(str(error).strip().splitlines()[:1])
    return (
        f"{type(error).__name__}: {first}; this is a bug in tfmigrate: please report it with the "
        "trace that TFMIGRATE_DEBUG=1 shows",
        EXIT_BUG,
    )


def printable(name: object, limit: int | None = 120) -> str:
    """A name from a file, made safe for one line of a terminal.

    Control characters, line breaks, surrogates and the invisible format characters (right-to-left
    marks among them) are escaped as Python would; longer names are cut in the middle, unless
    ``limit`` is None.
    """
    text = str(name)
    if limit is not None and len(text) > limit:
        head, tail = limit * 2 // 3, limit // 3 - 1
        text = f"{text[:head]}…{text[-tail:]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listed(texts: Sequence[str], most: int = 5) -> str:
    """The first texts, and how many more there are; safe to print where they are."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None where none is close."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


@contextmanager
def understanding() -> Iterator[None]:
    """Reports an unforeseen contradiction in a graph as a fault of the graph."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if os.environ.get("TFMIGRATE_DEBUG"):
            raise
        raise UserError(
            f"the graph cannot be read: {type(error).__name__}: {printable(error)}",
            expected="a graph that TensorFlow 1 wrote",
            try_="--outputs, or --to npz for the variables",
        ) from error
