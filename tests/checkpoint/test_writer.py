"""What the writer writes, our reader and TensorFlow's read back bit for bit."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tfmigrate.checkpoint import open_checkpoint, write_bundle, write_state

from tests.checkpoint.conftest import ORACLE, ask_tensorflow, same

RANDOM = np.random.default_rng(0)
KINDS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16"]
TENSORS = {
    **{f"kinds/{kind}": RANDOM.integers(0, 100, (2, 3)).astype(kind) for kind in KINDS},
    "bfloat16": RANDOM.normal(size=7).astype(ml_dtypes.bfloat16),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 4), "f"),
    "empty/strings": np.zeros((0,), object),
    "scalar": np.array(2.5, "f"),
    "strings": np.array([[b"", b"one"], [b"\xff\x00", b"x" * 70_000]], object),
    "graph": np.array(b"\n\x02\x08\x01", object),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "big_endian": np.arange(4, dtype=">i4"),
    # Enough names for several blocks of the index.
    **{f"many/layer_{i}/kernel": np.full((1,), i, "f") for i in range(9000)},
}


def native(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder("="))


def test_tensorflow_reads_it_back(tmp_path):
    index, _ = write_bundle(tmp_path / "model", TENSORS.items())
    write_state(tmp_path, "model")
    assert index.stat().st_size > 256 << 10
    answer = ask_tensorflow([str(tmp_path)])[str(tmp_path)]
    assert set(answer) == set(TENSORS)
    for name, array in TENSORS.items():
        assert same(answer[name], native(array)), name


def test_tensorflow_1_15_reads_it_back(tmp_path, tf1_python):
    held = {n: a for n, a in TENSORS.items() if n not in ("kinds/u4", "kinds/u8")}
    write_bundle(tmp_path / "model", held.items())
    write_state(tmp_path, "model")
    run = subprocess.run(
        [tf1_python, "-c", ORACLE],
        input=str(tmp_path).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    answer = pickle.loads(run.stdout)[str(tmp_path)]
    assert set(answer) == set(held)
    for name, array in held.items():
        assert same(answer[name], native(array)), name


def test_order_of_writing_does_not_matter(tmp_path):
    write_bundle(tmp_path / "a", TENSORS.items())
    write_bundle(tmp_path / "b", reversed(TENSORS.items()))
    with open_checkpoint(tmp_path / "a") as a, open_checkpoint(tmp_path / "b") as b:
        assert list(a.variables) == list(b.variables) == sorted(TENSORS)
        for name in TENSORS:
            assert a.read(name).tolist() == b.read(name).tolist()


NAMES = st.text(min_size=1, max_size=20).filter(
    lambda s: not s.startswith("\0") and s.isascii() | (s.encode("utf-8", "ignore").decode() == s)
)
ARRAYS = st.one_of(
    arrays.arrays(
        st.sampled_from([np.dtype(k) for k in [*KINDS, "?", ">f4"]]),
        arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
    ),
    st.lists(st.binary(max_size=20), max_size=5).map(lambda s: np.array([*s, None], object)[:-1]),
)


@settings(max_examples=150)
@given(tensors=st.dictionaries(NAMES, ARRAYS, max_size=8))
def test_whatever_is_written_is_read(tmp_path, tensors):
    write_bundle(tmp_path / "x", tensors.items())
    with open_checkpoint(tmp_path / "x") as checkpoint:
        assert set(checkpoint.variables) == set(tensors)
        for name, array in tensors.items():
            read = checkpoint.read(name)
            wanted = array if array.dtype == object else native(array)
            assert (read.shape, read.dtype) == (wanted.shape, wanted.dtype)
            kind = "string" if array.dtype == object else wanted.dtype.name
            assert checkpoint.variables[name].dtype == kind
            assert read.tolist() == wanted.tolist() or read.tobytes() == wanted.tobytes()


def test_one_tensor_at_a_time(tmp_path):
    alive: list[int] = []

    def items() -> Iterator[tuple[str, np.ndarray]]:
        import weakref

        for i in range(5):
            array = np.full(1000, i)
            weakref.finalize(array, alive.remove, i)
            alive.append(i)
            yield f"w{i}", array
            del array
            assert len(alive) <= 1

    write_bundle(tmp_path / "x", items())
    assert len(open_checkpoint(tmp_path / "x").variables) == 5


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([("w", np.zeros(2)), ("w", np.ones(2))], "occurs twice"),
        ([("", np.zeros(2))], "empty"),
        ([("w", np.zeros(2, "M8[s]"))], "a checkpoint cannot store"),
        ([("w", np.array([1, b"x"], object))], "neither str nor bytes"),
    ],
)
def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, items, words):
    with pytest.raises(ValueError, match=words):
        write_bundle(tmp_path / "x", items)
    assert list(tmp_path.iterdir()) == []


def test_the_state_file_is_read_back_by_us(tmp_path):
    for base in ("model.ckpt-5", "odd 'name' \"quoted\" \\ back"):
        write_bundle(tmp_path / base, [("w", np.zeros(1))])
        write_state(tmp_path, base)
        assert open_checkpoint(tmp_path).path == Path(tmp_path / base)
