"""Damaged and hostile checkpoints: the right tensors or one clear error, never anything else."""

from __future__ import annotations

import os
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.checkpoint import open_checkpoint, write_bundle
from tfmigrate.checkpoint.table import Table
from tfmigrate.checkpoint.v1 import _packed_varints
from tfmigrate.checkpoint.wire import MalformedError, encode_varint, message
from tfmigrate.errors import UserError

from . import hostile

ours = settings(max_examples=200)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


CASES = ["small", "v1_types", "v1_shards", "v2_shards"]


@pytest.fixture(params=CASES)
def case(request, folder: Path) -> tuple[str, hostile.Files, hostile.Truth]:
    name, files, truth = next(c for c in hostile.all_cases(folder) if c[0] == request.param)
    hostile.write(folder, files)
    return name, files, truth


def test_cut_short_at_every_byte(folder, case):
    source, files, truth = case
    for name, data in files.items():
        path = folder / name
        outcomes = set()
        for size in reversed(range(len(data))):
            os.truncate(path, size)
            outcomes.add(hostile.look(folder, source, truth))
        assert outcomes == {"refused"}, name
        path.write_bytes(data)
    assert hostile.look(folder, source, truth) == "read"


def test_one_bit_turned(folder, case):
    source, files, truth = case
    rng = random.Random(0)
    for name, data in files.items():
        looked = range(0, len(data), 1 + len(data) // 1500)
        refused = 0
        for at in looked:
            changed = bytearray(data)
            changed[at] ^= 1 << rng.randrange(8)
            (folder / name).write_bytes(changed)
            refused += hostile.look(folder, source, truth) == "refused"
        # Only the padding of the footer says nothing.
        assert refused >= len(looked) - 36, name
        (folder / name).write_bytes(data)


@ours
@given(seed=st.integers(0, 1 << 32))
def test_hostile_indexes(folder, seed):
    rng = random.Random(seed)
    hostile.write(
        folder, {"x.index": hostile.hostile_index(rng), "x.data-00000-of-00001": bytes(64)}
    )
    hostile.look(folder, "x", None)


@ours
@given(value=st.binary(max_size=80), data=st.binary(max_size=40))
def test_entries_of_arbitrary_bytes(folder, value, data):
    hostile.write(
        folder, {"x.index": hostile.index_of({b"w": value}), "x.data-00000-of-00001": data}
    )
    hostile.look(folder, "x", None)


@ours
@given(content=st.binary(max_size=80), kind=st.sampled_from([0, 0, 1, 2]))
def test_blocks_of_arbitrary_bytes(folder, content, kind):
    (folder / "x.index").write_bytes(hostile.with_block(content, kind))
    try:
        keys = [key for key, _ in Table(folder / "x.index")]
    except UserError:
        return
    assert keys == sorted(set(keys))


@ours
@given(data=st.binary(max_size=200))
def test_messages_of_arbitrary_bytes(data):
    try:
        pairs = list(message(data))
    except MalformedError:
        return
    assert sum(len(v) for _, v in pairs if not isinstance(v, int)) <= len(data)


@ours
@given(numbers=st.lists(st.integers(0, (1 << 64) - 1), max_size=50))
def test_packed_numbers_unpack(numbers):
    packed = np.frombuffer(b"".join(map(encode_varint, numbers)), np.uint8)
    unpacked = [int(n) for piece in _packed_varints(packed) for n in piece]
    assert unpacked == numbers


@pytest.mark.parametrize("name", hostile.HOSTILE_NAMES, ids=range(len(hostile.HOSTILE_NAMES)))
def test_hostile_names_are_data(folder, name):
    write_bundle(folder / "x", [(name, np.arange(3.0))])
    before = sorted(folder.iterdir())
    with open_checkpoint(folder / "x") as checkpoint:
        assert list(checkpoint.variables) == [name]
        np.testing.assert_array_equal(checkpoint.read(name), np.arange(3.0))
    (folder / "x.data-00000-of-00001").write_bytes(bytes(24))
    with pytest.raises(UserError, match="checksum") as caught:
        open_checkpoint(folder / "x").read(name)
    hostile.check_message(caught.value)
    assert sorted(folder.iterdir()) == before


def test_an_error_names_file_tensor_and_byte(folder):
    write_bundle(folder / "x", [("a", np.zeros(3)), ("b", np.ones(3))])
    data = folder / "x.data-00000-of-00001"
    raw = bytearray(data.read_bytes())
    raw[30] ^= 1
    data.write_bytes(raw)
    checkpoint = open_checkpoint(folder / "x")
    np.testing.assert_array_equal(checkpoint.read("a"), np.zeros(3))
    for read in (checkpoint.read, lambda name: list(checkpoint.read_flat_chunks(name))):
        with pytest.raises(UserError) as caught:
            read("b")
        message = str(caught.value)
        assert "tensor 'b'" in message
        assert str(data) in message
        assert "byte 24" in message


def test_absurd_claims_allocate_nothing(folder):
    entry = hostile._entry(1, (1 << 20, 1 << 40), 0, 4 << 60, 0)
    hostile.write(
        folder, {"x.index": hostile.index_of({b"w": entry}), "x.data-00000-of-00001": b""}
    )
    tracemalloc.start()
    with pytest.raises(UserError):
        open_checkpoint(folder / "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_the_table_of_a_header_alone_is_an_empty_checkpoint(folder):
    (folder / "x.index").write_bytes(hostile.index_of({}))
    assert dict(open_checkpoint(folder / "x").variables) == {}
