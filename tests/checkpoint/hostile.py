"""Damaged and hostile checkpoints from a seed: reading one gives the right tensors, or an error."""

from __future__ import annotations

import random
from pathlib import Path

import cramjam
import google_crc32c
import ml_dtypes
import numpy as np
from tfmigrate.checkpoint import guess_roles, open_checkpoint, write_bundle
from tfmigrate.checkpoint.slices import slice_key
from tfmigrate.checkpoint.table import MAGIC, mask
from tfmigrate.checkpoint.wire import encode_varint
from tfmigrate.checkpoint.writer import _HEADER, _block, _entry, _table
from tfmigrate.errors import UserError

Files = dict[str, bytes]  # the files of one checkpoint, by name
Truth = dict[str, set[bytes]]  # what a tensor's bytes may be


def fingerprint(array: np.ndarray) -> bytes:
    """All that must agree for two tensors to be the same."""
    raw = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return f"{array.dtype} {array.shape} ".encode() + raw


def look(folder: Path, source: str, truth: Truth | None) -> str:
    """Read all there is; "read" or "refused". Anything else that happens is a failure.

    Args:
        truth: what every tensor read must be; None where the input is well-formed nonsense, and
            only its manners count.
    """
    try:
        checkpoint = open_checkpoint(folder / source)
    except UserError as error:
        check_message(error)
        return "refused"
    guess_roles(checkpoint.variables)
    refused = False
    for name, variable in checkpoint.variables.items():
        try:
            array = checkpoint.read(name)
            pieces = list(checkpoint.read_flat_chunks(name, 64)) if array.nbytes < 4096 else []
        except UserError as error:
            check_message(error)
            refused = True
            continue
        assert array.shape == variable.shape
        if pieces and array.dtype != object:
            assert b"".join(p.tobytes() for p in pieces) == array.tobytes()
        if truth is not None:
            assert fingerprint(array) in truth.get(name, ()), f"another tensor for {name}"
    return "refused" if refused else "read"


def check_message(error: UserError) -> None:
    """One line that can be printed, whatever names the file holds."""
    message = str(error)
    assert message.isprintable(), repr(message)
    assert len(message) < 2000, len(message)


def write(folder: Path, files: Files) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def small_bundle(folder: Path) -> tuple[Files, Truth]:
    """A V2 checkpoint with one tensor of every kind."""
    tensors = {
        "a/kernel": np.arange(12, dtype="f").reshape(3, 4),
        "a/kernel/Adam": np.ones((3, 4), "f"),
        "bf16": np.array([1.5, -2], ml_dtypes.bfloat16),
        "empty": np.zeros((0, 4)),
        "flag": np.array([True, False]),
        "step": np.array(7, "i8"),
        "words": np.array([b"", b"two\x00", b"three"], object),
    }
    write_bundle(folder / "small", tensors.items())
    files = {p.name: p.read_bytes() for p in folder.glob("small.*")}
    return files, {name: {fingerprint(a)} for name, a in tensors.items()}


def made_by_tensorflow(folder: Path, name: str) -> tuple[Files, Truth]:
    """A case of tests/checkpoint/data as it is."""
    files = {p.name: p.read_bytes() for p in folder.glob(f"{name}*") if p.suffix != ".npz"}
    with open_checkpoint(folder / name) as checkpoint:
        return files, {n: {fingerprint(checkpoint.read(n))} for n in checkpoint.variables}


def damaged(rng: random.Random, files: Files, other: Files) -> Files:
    """One of the files cut short, with bits turned, or spliced with another checkpoint's."""
    name = rng.choice(sorted(files))
    return {**files, name: damage(rng, files[name], other[rng.choice(sorted(other))])}


def damage(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    """Bytes cut short, with bits turned, or spliced with others."""
    data = bytearray(content)
    if not data or not donor:
        return donor
    match rng.randrange(6):
        case 0:
            del data[rng.randrange(len(data)) :]
        case 1:
            for _ in range(rng.choice((1, 1, 1, 2, 8))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 2:
            at, length = rng.randrange(len(data)), rng.randrange(1, 64)
            data[at : at + length] = rng.randbytes(length)
        case 3:
            data[rng.randrange(len(data)) :] = donor[rng.randrange(len(donor)) :]
        case 4:
            start, stop = sorted(rng.choices(range(len(data)), k=2))
            at = rng.randrange(len(data))
            data[at:at] = data[start:stop]
        case 5:
            data = bytearray(donor)
    return bytes(data)


def with_block(content: bytes, kind: int = 0, handles: int = 1) -> bytes:
    """A table whose checksums are right, of one block that its index names so many times."""
    out = content + bytes((kind,))
    out += mask(google_crc32c.value(out)).to_bytes(4, "little")
    handle = encode_varint(0) + encode_varint(len(content))
    index = _block([(f"{i:08d}".encode(), handle) for i in range(handles)], 1) + b"\0"
    at, size = len(out), len(index) - 1
    out += index + mask(google_crc32c.value(index)).to_bytes(4, "little")
    footer = handle + encode_varint(at) + encode_varint(size)
    return out + footer.ljust(40, b"\0") + MAGIC


def index_of(entries: dict[bytes, bytes]) -> bytes:
    return b"".join(_table({b"": _HEADER, **entries}))


def number(rng: random.Random) -> int:
    """A number that is likely to be one too many."""
    near = rng.choice((0, 1, 3, 64, 1 << 16, 1 << 31, 1 << 32, 1 << 60, 1 << 62, 1 << 63))
    return (near + rng.randrange(-2, 3)) % (1 << 64)


def zeros(size: int) -> int:
    """The CRC32C of so many zero bytes; of few, where there cannot be so many."""
    return google_crc32c.value(b"\0" * min(size, 4096))


HOSTILE_NAMES = (
    "../../etc/passwd",
    "/absolute",
    "nul\0inside",
    "two\nlines",
    "'quotes\"",
    "[bold]markup[/bold]",
    "\u202eright to left",
    "x" * 10_000_000,
    "a/" * 100_000,
    " ",
    "emb/art_0/Adam",
    "\U0001f600",
)


BOMBS = [bytes(cramjam.snappy.compress_raw(bytes(size))) for size in (100, 60 << 20, 90 << 20)]


def hostile_index(rng: random.Random) -> bytes:
    """An index with right checksums and wrong everything else."""
    match rng.randrange(9):
        case 0:  # entries whose numbers are absurd
            shape = tuple(number(rng) for _ in range(rng.randrange(5)))
            entry = _entry(rng.choice((1, 7, 14, 21, 99)), shape, number(rng), number(rng), 0)
            return index_of({b"w": entry})
        case 1:  # entries that are no messages
            return index_of({b"w": rng.randbytes(rng.randrange(60)), b"v": b""})
        case 2:  # names
            name = rng.choice(HOSTILE_NAMES)
            return index_of({name.encode(): _entry(1, (1,), 0, 4, zeros(4))})
        case 3:  # a block of noise
            return with_block(rng.randbytes(rng.randrange(300)))
        case 4:  # one block named over and over
            content = _block([(b"", _HEADER), (b"w", _entry(1, (), 0, 4, 0))], 16)
            return with_block(content, handles=rng.choice((2, 1000, 100_000)))
        case 5:  # keys that share more and more of one long name
            key = encode_varint(0) + encode_varint(1 << 20) + b"\0" + b"k" * (1 << 20)
            more = (encode_varint(1 << 20) + b"\1\0a") * rng.choice((3, 1000, 100_000))
            return with_block(b"\0\0\6" + _HEADER + key + more + b"\0\0\0\0\1\0\0\0")
        case 6:  # compressed blocks that claim or hold far too much
            bomb = rng.choice(BOMBS)
            claim = encode_varint(number(rng)) + bomb[4:]
            return with_block(rng.choice((bomb, claim, rng.randbytes(50))), kind=1)
        case 7:  # slices that overlap, stick out, repeat or are missing
            return sliced_index(rng)
        case _:  # a table within a table: the closing bytes and what is before them anew
            return with_block(rng.randbytes(40)) + with_block(_block([], 1))[-60:]


def sliced_index(rng: random.Random) -> bytes:
    size = rng.choice((8, 8, 8, 1 << 20, 1 << 40))
    slices, entries = b"", {}
    for _ in range(rng.randrange(1, 5)):
        start, length = rng.choice((0, 2, 4, number(rng))), rng.choice((2, 4, 8, number(rng)))
        extent = b"\x08" + encode_varint(start) + b"\x10" + encode_varint(length)
        proto = b"\x0a" + encode_varint(len(extent)) + extent
        slices += b"\x3a" + encode_varint(len(proto)) + proto
        if max(start, length) < 1 << 62 and rng.random() < 0.95:
            part = _entry(1, (length,), rng.choice((0, 4)), length * 4, zeros(length * 4))
            entries[slice_key("w", ((start, length),))] = part
    return index_of({**entries, b"w": _entry(1, (size,), 0, 0, 0) + slices})


def drawn(rng: random.Random, cases: list[tuple[str, Files, Truth]]) -> tuple:
    """One input: source, files, and what its tensors may be."""
    if rng.random() < 0.7:
        source, files, truth = rng.choice(cases)
        _, other, other_truth = rng.choice(cases)
        both = {n: truth.get(n, set()) | other_truth.get(n, set()) for n in truth | other_truth}
        return source, damaged(rng, files, other), both
    data = rng.choice((b"", b"\0" * 64, rng.randbytes(4096)))
    return "x", {"x.index": hostile_index(rng), "x.data-00000-of-00001": data}, None


def all_cases(folder: Path) -> list[tuple[str, Files, Truth]]:
    data = Path(__file__).parent / "data"
    names = ("v1_types", "v1_parts", "v1_shards", "v2_shards", "v2_scoped_slots")
    cases = [(name, *made_by_tensorflow(data, name)) for name in names]
    return [("small", *small_bundle(folder)), *cases]
