"""A checkpoint in several formats: every variable is accounted for, in each and over all."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from tensor_sources import same, source
from tfmigrate.checkpoint.reader import open_checkpoint
from tfmigrate.errors import UserError
from tfmigrate.formats import FORMATS, write_formats


def test_what_one_format_lacks_is_told_and_another_holds(tmp_path):
    strings = np.empty((), object)
    strings[()] = b"text"
    arrays = {"dense/kernel": np.ones((2, 2), "f4"), "dense/kernel/Adam": np.ones(2), "s": strings}
    roles = {"dense/kernel": "weight", "dense/kernel/Adam": "slot", "s": "weight"}
    written = write_formats(source(arrays), tmp_path, list(FORMATS), roles=roles)
    assert [(f.name, f.fate) for f in written.fates] == [(n, "converted") for n in arrays]
    kernel, slot, text = written.fates
    assert kernel.reason is None
    assert slot.reason == "weights: a slot of an optimizer, not a weight of the model"
    assert "safetensors does not support string tensors" in text.reason
    assert {file.name for file in tmp_path.iterdir()} == set(written.files.values())
    assert {f.name for f in written.by_format["weights"]} == set(arrays)


def test_a_variable_no_format_takes_is_skipped_with_the_reason(tmp_path):
    strings = np.empty((), object)
    strings[()] = b"text"
    (fate,) = write_formats(source({"s": strings}), tmp_path, ["safetensors"]).fates
    assert (fate.fate, fate.reason) == ("skipped", "safetensors does not support string tensors")


def test_an_unknown_format_is_told_with_those_there_are(tmp_path):
    with pytest.raises(UserError, match=r"no format 'safetensor'.*npz.*try safetensors"):
        write_formats(source({}), tmp_path, ["safetensor"])


@pytest.mark.parametrize("case", ["dtypes", "partitioned", "v1_format", "train_adam"])
def test_real_checkpoints_come_through_bit_for_bit(goldens, tmp_path, case):
    checkpoint = open_checkpoint(goldens / case)
    written = write_formats(checkpoint, tmp_path, ["npz", "tf1"])
    again = open_checkpoint(tmp_path / "tf1")
    with np.load(tmp_path / "weights.npz") as loaded:
        assert [f.name for f in written.fates] == list(checkpoint.variables)
        for name, variable in checkpoint.variables.items():
            values = checkpoint.read(name)
            if variable.dtype != "string":
                assert same(again.read(name), values)
                exact = values.dtype.isbuiltin == 1
                assert same(loaded[name], values if exact else values.astype("f4"))
            else:
                assert loaded[name].tolist() == again.read(name).tolist() == values.tolist()


def test_no_format_and_no_map_needs_tensorflow():
    code = (
        "import sys, tfmigrate.mapping\n"
        "from tfmigrate.formats import FORMATS, keras_file\n"
        "for f in FORMATS.values(): __import__('tfmigrate.formats.' + f.module)\n"
        "print([m for m in ('tensorflow', 'keras', 'tf_keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
