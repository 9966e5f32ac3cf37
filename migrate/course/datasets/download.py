"""Files that are found on this machine, or fetched once into Keras's own cache."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from ...errors import UserError, printable

_TIMEOUT = 20


def folder_of(name: str, files: Sequence[str], instead: str) -> Path:
    """The folder of that name in ``TFMIGRATE_DATA``.

    Args:
        name: of the folder.
        files: what it holds.
        instead: the dataset that needs no folder.

    Raises:
        UserError: the folder or one of these files does not exist.
    """
    folder = Path(os.environ.get("TFMIGRATE_DATA", "."), name)
    if not all((folder / file).is_file() for file in files):
        raise UserError(
            f"there are no {' and '.join(files)} in {printable(folder)}",
            try_=f"--data FOLDER, or TFMIGRATE_DATA as the folder that holds {name}; "
            f"--data {instead} needs neither",
        )
    return folder


def find(title: str, name: str, address: str, digest: str, instead: str) -> Path:
    """The file, from ``TFMIGRATE_DATA``, from Keras's cache, or from the network into that cache.

    Args:
        title: of the dataset, for messages.
        name: of the file, relative to either folder.
        address: where it can be had.
        digest: what its content must have: ``sha256:…`` or ``md5:…``.
        instead: the dataset that needs no network.

    Raises:
        UserError: it is not here and cannot be had.
    """
    folder = os.environ.get("TFMIGRATE_DATA")
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets" / name
    for candidate in [*([Path(folder) / name] if folder else []), cache]:
        if candidate.is_file():
            return candidate
    temporary = cache.with_name(f"{cache.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            content = answer.read()
        kind, _, expected = digest.partition(":")
        if hashlib.new(kind, content, usedforsecurity=False).hexdigest() != expected:
            raise OSError("the download is damaged")
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(cache)
        return cache
    except OSError as error:
        temporary.unlink(missing_ok=True)
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise UserError(
            f"{title} is not on this machine and cannot be downloaded ({reason})",
            try_=(
                f"a folder with {name} in TFMIGRATE_DATA, or {name} in {cache.parent}, or a "
                f"network connection; --data {instead} needs none"
            ),
        ) from None
