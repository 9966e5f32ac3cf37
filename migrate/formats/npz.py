"""npz: a zip of .npy members, which ``numpy.load`` reads without pickle.

A member is named after its tensor, by :func:`tfmigrate.formats.names.escape`.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint.tensors import Fate, Progress, Tensors, TensorSource, raw_chunks
from ..checkpoint.variable import Variable, numpy_dtype
from ..errors import UserError, printable
from .atomic import whole_file
from .names import escape

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same tensors give the same bytes
_MAX_NAME = 65_535 - len(".npy")
_EXPECTED = "an intact .npz file of numpy arrays"


def read(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file, by name; never a pickle.

    Raises:
        UserError: the file cannot be read, is no .npz file, is damaged, or holds Python objects.
    """
    shown = printable(path)
    try:
        if path.exists() and not path.is_file():  # a pipe never ends
            raise UserError(f"{shown} is not a regular file", expected=_EXPECTED)
        if not zipfile.is_zipfile(path):
            raise UserError(f"{shown} is {_instead(path)}", expected=_EXPECTED)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except MemoryError:
        raise UserError(f"{shown} claims arrays that do not fit in memory") from None
    except OSError as error:
        raise UserError(
            f"{shown} cannot be read: {error.strerror or printable(error)}", expected=_EXPECTED
        ) from None
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        if "allow_pickle" in str(error):
            raise UserError(f"{shown} contains Python objects", expected=_EXPECTED) from None
        raise UserError(
            f"{shown} is damaged: {printable(error)}", expected=_EXPECTED, try_="copying it again"
        ) from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # numpy returns the bytes of any other member
            raise UserError(
                f"{printable(name)} in {shown} is not a numpy array", expected=_EXPECTED
            )
    return arrays


def _instead(path: Path) -> str:
    """The kind of a file that is no zip archive."""
    with path.open("rb") as file:
        head = file.read(6)
    if not head:
        return "empty"
    if head == b"\x93NUMPY":
        return "a single array (.npy)"
    if head.startswith(b"PK"):
        return "an .npz file that is cut short or damaged"
    return "not an .npz file"


def write(
    path: Path, source: TensorSource, *, force: bool = False, progress: Progress | None = None
) -> list[Fate]:
    """Writes every tensor, uncompressed.

    bfloat16 and float8 become float32, which holds each of their values exactly: npz knows only
    numpy's own types. Strings become fixed-width bytes; those that end with a zero byte are
    skipped, for numpy drops it.

    Args:
        path: the file.
        source: the tensors.
        force: replace a file that is there.
        progress: told of the bytes as they are written.

    Returns:
        One fate a tensor, in the source's order.

    Raises:
        UserError: ``path`` cannot be written, or a tensor cannot be read.
    """
    fates = []
    with (
        whole_file(path, force=force) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for v in source.variables.values():
            fate, dtype, tensor = _member(v, source)
            fates.append(fate)
            if fate.target is None:
                continue
            member = zipfile.ZipInfo(f"{fate.target}.npy", _EPOCH)
            with archive.open(member, "w", force_zip64=True) as file:
                header: dict[str, Any] = {"shape": v.shape, "fortran_order": False}
                header["descr"] = np.lib.format.dtype_to_descr(dtype)
                np.lib.format.write_array_header_1_0(file, header)
                for piece in raw_chunks(tensor, v.name):
                    file.write(piece)
                    if progress:
                        progress(len(piece))
    return fates


def _member(v: Variable, source: TensorSource) -> tuple[Fate, np.dtype, TensorSource]:
    """The tensor's fate, its dtype in the file, and where to read it as that dtype."""
    key = escape(v.name)
    if v.dtype in ("resource", "variant"):
        return Fate(v.name, None, f"a {v.dtype} has no values"), np.dtype("V"), source
    dtype = numpy_dtype(v.dtype)
    if len(key.encode()) > _MAX_NAME:
        return Fate(v.name, None, f"its name is longer than zip's {_MAX_NAME:,}"), dtype, source
    if v.dtype == "string":
        values = source.read(v.name)
        if any(item.endswith(b"\0") for item in values.flat):
            return (
                Fate(v.name, None, "strings that end with a zero byte, which numpy drops"),
                dtype,
                source,
            )
        fixed = values.astype(f"S{max((len(item) for item in values.flat), default=0) or 1}")
        return (
            Fate(v.name, key, "as fixed-width bytes"),
            fixed.dtype,
            Tensors({v.name: v}, lambda _: fixed),
        )
    if dtype.isbuiltin != 1:
        wide = Tensors({v.name: v}, lambda name: source.read(name).astype("<f4"))
        return Fate(v.name, key, f"{v.dtype} as float32, exactly"), np.dtype("<f4"), wide
    return Fate(v.name, key), dtype.newbyteorder("<"), source
