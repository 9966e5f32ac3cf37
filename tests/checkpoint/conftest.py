"""Checkpoints to read, and what TensorFlow itself reads from them, in a process of its own."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cramjam
import google_crc32c
import ml_dtypes
import numpy as np
import pytest
from tfmigrate.checkpoint.table import MAGIC, Table, mask
from tfmigrate.checkpoint.wire import encode_varint
from tfmigrate.checkpoint.writer import _block, _table, write_bundle

# Answers {source: {name: (shape, numpy dtype name, bytes or list of strings)}}. An empty basename
# is a path TensorFlow's own reader cannot open, so it is given a link under another name.
ORACLE = """
import os, pickle, sys, tempfile
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import numpy as np, tensorflow as tf
answers = {}
for source in sys.stdin.read().split("\\0"):
    prefix = source
    if source.endswith("-00000-of-00001"):
        prefix = source[:-15] + "-?????-of-?????"
    if source.endswith("/"):
        prefix = os.path.join(tempfile.mkdtemp(), "linked")
        for name in os.listdir(source):
            os.symlink(os.path.join(source, name), prefix + name)
    reader = tf.train.load_checkpoint(prefix)
    answers[source] = tensors = {}
    for name in reader.get_variable_to_shape_map():
        array = np.asarray(reader.get_tensor(name))
        raw = array.reshape(-1).tolist() if array.dtype.kind in "OS" else array.tobytes()
        tensors[name] = (array.shape, array.dtype.name, raw)
sys.stdout.buffer.write(pickle.dumps(answers))
"""


def ask_tensorflow(sources: list[str]) -> dict[str, dict[str, tuple]]:
    run = subprocess.run(
        [sys.executable, "-c", ORACLE],
        input="\0".join(sources).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return pickle.loads(run.stdout)


def same(answer: tuple, array: np.ndarray) -> bool:
    """Whether TensorFlow's tensor and ours agree in shape, type and every bit."""
    shape, dtype, raw = answer
    if array.dtype == object:
        return shape == array.shape and raw == array.reshape(-1).tolist()
    return (shape, dtype, raw) == (array.shape, array.dtype.name, array.tobytes())


def rewritten(prefix: Path, block: Callable[[bytes], tuple[bytes, int]]) -> bytes:
    """An index anew, each block passed through a function that gives content and compression."""
    table = Table(prefix)
    out = b""
    handles = []

    def put(raw: bytes) -> bytes:
        nonlocal out
        content, kind = block(raw)
        handle = encode_varint(len(out)) + encode_varint(len(content))
        crc = mask(google_crc32c.value(content + bytes((kind,))))
        out += content + bytes((kind,)) + crc.to_bytes(4, "little")
        return handle

    for key, offset, size in table._blocks:
        handles.append((key, put(table._block(offset, size))))
    footer = put(_block([], 1)) + put(_block(handles, 1))
    return out + footer.ljust(40, b"\0") + MAGIC


@pytest.fixture(scope="session")
def compressed(goldens: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A golden with its index in snappy blocks."""
    folder = tmp_path_factory.mktemp("snappy")
    for path in (goldens / "train_adam").glob("model.ckpt.*"):
        shutil.copy(path, folder)
    index = folder / "model.ckpt.index"
    index.chmod(0o644)
    snappy = lambda raw: (bytes(cramjam.snappy.compress_raw(raw)), 1)  # noqa: E731
    index.write_bytes(rewritten(index, snappy))
    return folder / "model.ckpt"


@pytest.fixture(scope="session")
def big_endian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as a big-endian machine would write it."""
    prefix = tmp_path_factory.mktemp("big") / "model"
    kinds = ["f4", "f8", "i4", "i8", "u2", "c8", "c16", "u1"]
    arrays = {kind: (np.arange(6) * (1 + 3 * (kind[0] == "f"))).astype(kind) for kind in kinds}
    arrays["bf16"] = np.array([1.5, -2.25], ml_dtypes.bfloat16)
    index, _ = write_bundle(prefix, ((n, a.byteswap()) for n, a in arrays.items()))
    entries = dict(Table(index))
    index.write_bytes(b"".join(_table({**entries, b"": b"\x08\x01\x10\x01\x1a\x02\x08\x01"})))
    return prefix


@pytest.fixture(scope="session")
def prefixes(sources: Path, compressed: Path, big_endian: Path) -> list[str]:
    """Every whole checkpoint of the packed cases or of the corpus, and two rarer forms."""
    found = [str(compressed), str(big_endian)]
    for path in sorted(sources.rglob("*")):
        if not path.is_file() or "fragments" in path.parts:
            continue
        if path.name.endswith(".index"):
            found.append(str(path).removesuffix(".index"))
        elif path.read_bytes()[-8:] == MAGIC:
            found.append(str(path))
    return found


@pytest.fixture(scope="session")
def oracle(prefixes: list[str]) -> dict[str, dict[str, tuple]]:
    """What tf.train.load_checkpoint reads from each of them."""
    return ask_tensorflow(prefixes)
