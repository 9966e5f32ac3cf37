"""What a disk refuses while a library writes: reported with the file and the bytes it needs."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError, printable

CANNOT_WRITE = "cannot write"
"""What the problem of such an error begins with."""

_REFUSALS = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EIO,
)


@contextmanager
def writing(path: str, size: int = 0) -> Iterator[None]:
    """Reports what a disk refuses.

    Args:
        path: what is written.
        size: bytes that it needs at least; 0 where that is not known.

    Raises:
        UserError: the disk is full, or refuses otherwise.
    """
    try:
        yield
    except Exception as error:
        # TensorFlow and HDF5 put the system's words into errors of their own.
        known = [os.strerror(number) for number in _REFUSALS]
        if isinstance(error, OSError) and error.errno in _REFUSALS:
            known = [os.strerror(error.errno)]
        elif not any(word in str(error) for word in known):
            raise
        why = next((word for word in known if word in str(error)), known[0])
        need = f"; it needs {size:,} bytes" if size else ""
        raise UserError(
            f"{CANNOT_WRITE} {printable(Path(path).name)}: {why}{need}",
            try_="a writable folder with enough free space",
        ) from error
