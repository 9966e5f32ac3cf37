"""safetensors: a length, a JSON header, then the tensors' bytes end to end.

The layout is that of the safetensors library's README; it demands no gaps, no overlaps, and
offsets in the order of the bytes.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

from ..checkpoint.tensors import Fate, Progress, TensorSource, raw_chunks
from ..checkpoint.variable import Variable, numpy_dtype
from ..errors import UserError
from .atomic import whole_file

# numpy's name → the format's.
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "complex64": "C64",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
}
_RESERVED = "__metadata__"
_MAX_HEADER = 100_000_000  # what the library accepts


def write(
    path: Path,
    source: TensorSource,
    *,
    force: bool = False,
    progress: Progress | None = None,
    framework: str = "tf",
) -> list[Fate]:
    """Writes every tensor that the format can hold; bytes are unchanged.

    Args:
        path: the file.
        source: the tensors.
        force: replace a file that is there.
        progress: told of the bytes as they are written.
        framework: whose conventions the names and shapes follow: "tf", or "pt" for PyTorch.

    Returns:
        One fate a tensor, in the source's order. Strings, complex128 and resources are skipped.

    Raises:
        UserError: ``path`` cannot be written, or a tensor cannot be read.
    """
    reasons = {name: _reason(v) for name, v in source.variables.items()}
    # Wide elements first keeps every tensor aligned to its element size, as the library does.
    kept = sorted(
        ((numpy_dtype(v.dtype), v) for name, v in source.variables.items() if not reasons[name]),
        key=lambda pair: (-pair[0].itemsize, pair[1].name),
    )
    header: dict[str, object] = {_RESERVED: {"format": framework}}
    end = 0
    for dtype, v in kept:
        begin, end = end, end + v.size * dtype.itemsize
        header[v.name] = {
            "dtype": _DTYPES[dtype.name],
            "shape": v.shape,
            "data_offsets": (begin, end),
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _MAX_HEADER:
        raise UserError(
            f"the names need a safetensors header of {len(text):,} bytes",
            expected=f"at most {_MAX_HEADER:,}",
            try_="--to npz",
        )
    with whole_file(path, force=force) as temporary, open(temporary, "wb") as file:
        # Reserving the space first finds a full disk at once, not minutes later.
        os.posix_fallocate(file.fileno(), 0, 8 + len(text) + end)
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for _, v in kept:
            for piece in raw_chunks(source, v.name):
                file.write(piece)
                if progress:
                    progress(len(piece))
    return [Fate(n, None if reason else n, reason) for n, reason in reasons.items()]


def _reason(v: Variable) -> str | None:
    if v.dtype in ("resource", "variant", "string"):
        return f"safetensors does not support {v.dtype} tensors"
    if numpy_dtype(v.dtype).name not in _DTYPES:
        return f"safetensors does not support {v.dtype}; npz does"
    if v.name == _RESERVED:
        return f"safetensors reserves the name {_RESERVED}"
    return None
