"""The reader gives what TensorFlow's own gives, bit for bit, and needs no TensorFlow for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.checkpoint.writer import _table
from tfmigrate.errors import UserError

from tests.checkpoint.conftest import same

DATA = Path(__file__).parent / "data"

pytestmark = pytest.mark.xdist_group("checkpoint-oracle")


def test_every_checkpoint_reads_as_tensorflow_reads_it(prefixes, oracle):
    assert len(prefixes) >= 30
    for prefix in prefixes:
        with open_checkpoint(prefix) as checkpoint:
            assert set(checkpoint.variables) == set(oracle[prefix]), prefix
            for name, answer in oracle[prefix].items():
                assert same(answer, checkpoint.read(name)), (prefix, name)


@pytest.mark.parametrize("name", ["v1_types", "v1_parts", "v1_shards", "v2_shards"])
def test_types_slices_and_shards_read_as_the_session_held_them(name):
    held = np.load(DATA / f"{name}.npz")
    with open_checkpoint(DATA / name) as checkpoint:
        assert set(checkpoint.variables) == set(held.files)
        for key, wanted in held.items():
            array = checkpoint.read(key)
            assert array.shape == wanted.shape
            if wanted.dtype.kind == "S":
                assert array.tolist() == wanted.tolist()
            else:
                assert (array.dtype, array.tobytes()) == (wanted.dtype, wanted.tobytes())


def test_slots_filed_under_one_key_a_slice_are_whole_again():
    """TensorFlow cannot read these; twelve parts, so that the garbled names differ in length."""
    held = np.load(DATA / "v2_scoped_slots.npz")
    with open_checkpoint(DATA / "v2_scoped_slots") as checkpoint:
        assert {n: v.shape for n, v in checkpoint.variables.items()} == {
            "emb": (12, 4),
            "emb/Momentum": (12, 4),
            "emb/art_0/Adam": (12, 4),
            "emb/art_0/Adam_1": (12, 4),
            "emb/ing/emb/part_10/Adagrad": (12, 4),
            "net/one": (2,),
            "net/one//net/one/part_0/Adagrad": (2,),
            "net/one/Momentum": (2,),
            "net/one/art_0/Adam": (2,),
            "net/one/art_0/Adam_1": (2,),
            "train/beta1_power": (),
            "train/beta2_power": (),
        }
        assert len(np.unique(held["emb/art_0/Adam"])) == 12
        for name, wanted in held.items():
            np.testing.assert_array_equal(checkpoint.read(name), wanted)
        assert "emb/art_0/Adam was joined from 12 keys, one a slice" in checkpoint.notes


def test_descriptions_agree_with_what_is_read(prefixes):
    for prefix in prefixes:
        with open_checkpoint(prefix) as checkpoint:
            assert list(checkpoint.variables) == sorted(checkpoint.variables)
            for name, variable in checkpoint.variables.items():
                array = checkpoint.read(name)
                assert variable.name == name
                assert variable.shape == array.shape
                if array.dtype != object:
                    assert (variable.dtype, variable.nbytes) == (array.dtype.name, array.nbytes)


def test_pieces_of_a_tensor_are_the_tensor(prefixes):
    for prefix in prefixes:
        with open_checkpoint(prefix) as checkpoint:
            for name in checkpoint.variables:
                whole = checkpoint.read(name).reshape(-1)
                pieces = [*checkpoint.read_flat_chunks(name, 1000), whole[:0]]
                joined = np.concatenate(pieces)
                assert joined.dtype == whole.dtype
                assert joined.tobytes() == whole.tobytes() or whole.dtype == object


def test_reading_imports_no_tensorflow(goldens):
    code = (
        "import sys; from tfmigrate.checkpoint import open_checkpoint\n"
        "c = open_checkpoint(sys.argv[1]); [c.read(n) for n in c.variables]\n"
        "heavy = {'tensorflow', 'keras', 'google.protobuf', 'h5py'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    command = [sys.executable, "-c", code, str(goldens / "dtypes")]
    subprocess.run(command, check=True)


def test_object_based_checkpoints_are_named_for_what_they_are(shared):
    corpus = shared / "corpus"
    for folder in (
        "google-deepmind__sonnet/cifar10_convnet",
        "google-deepmind__sonnet/conv2d_lstm",
        "keras-team__tf-keras/lso_ckpt_tf2.2",
        "chrismattmann__MLwithTensorFlow2ed/tf_ckpts",
    ):
        assert open_checkpoint(corpus / folder).object_based, folder


def test_a_checkpoint_by_names_is_not_object_based(goldens):
    assert not open_checkpoint(goldens / "train_adam").object_based


def test_a_partitioned_variable_is_whole_and_marked(goldens):
    checkpoint = open_checkpoint(goldens / "partitioned")
    assert any(v.partitioned for v in checkpoint.variables.values())


def test_a_name_that_is_not_there(goldens):
    checkpoint = open_checkpoint(goldens / "train_adam")
    with pytest.raises(UserError, match="no variable 'nonsense'"):
        checkpoint.read("nonsense")
    with pytest.raises(UserError, match="no variable"):
        next(checkpoint.read_flat_chunks("nonsense"))


def test_what_is_read_is_the_readers_own(goldens: Path):
    checkpoint = open_checkpoint(goldens / "softmax_regression")
    name = next(iter(checkpoint.variables))
    first = checkpoint.read(name)
    first += 1
    assert not np.array_equal(first, checkpoint.read(name))


def test_bfloat16_and_strings_have_their_types(goldens):
    checkpoint = open_checkpoint(goldens / "dtypes")
    kinds = {v.dtype: checkpoint.read(n).dtype for n, v in checkpoint.variables.items()}
    assert kinds["bfloat16"] == np.dtype(ml_dtypes.bfloat16)
    assert kinds["string"] == np.dtype(object)
    assert kinds["bool"] == np.dtype(bool)


def test_a_v1_tensor_without_slices_is_damage(tmp_path):
    described = b"\x0a\x01w" + b"\x12\x04\x12\x02\x08\x03" + b"\x18\x01"  # w, [3], DT_FLOAT
    meta = b"\x0a" + bytes([len(described)]) + described
    (tmp_path / "v1").write_bytes(b"".join(_table({b"": b"\x0a" + bytes([len(meta)]) + meta})))
    with pytest.raises(UserError, match="damaged checkpoint: tensor 'w': a tensor without"):
        open_checkpoint(tmp_path / "v1")
