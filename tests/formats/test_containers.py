"""npz, safetensors and weights.h5: what is written is what other libraries read back."""

from __future__ import annotations

import zipfile
from urllib.parse import unquote

import h5py
import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from tensor_sources import DTYPES, arrays, names, same, source, tensors
from tfmigrate.formats import npz, weights_h5
from tfmigrate.formats import safetensors as ours
from tfmigrate.formats.names import escape, natural

ANY_FOLDER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
WIDENED = ("bfloat16", "float8_e4m3fn", "float8_e5m2")


@ANY_FOLDER
@given(tensors)
def test_numpy_reads_back_what_npz_holds(tmp_path, given_arrays):
    path = tmp_path / "x.npz"
    fates = npz.write(path, source(given_arrays), force=True)
    assert [f.name for f in fates] == list(given_arrays)
    with np.load(path) as loaded:
        assert {unquote(key) for key in loaded.files} == set(given_arrays)
        for fate in fates:
            expected = given_arrays[fate.name]
            if expected.dtype.name in WIDENED:
                with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
                    assert np.array_equal(
                        loaded[fate.target], expected.astype("f4"), equal_nan=True
                    )
                assert "exactly" in fate.reason
            else:
                assert same(loaded[fate.target], expected)


@ANY_FOLDER
@given(tensors)
def test_the_safetensors_library_reads_back_every_bit(tmp_path, given_arrays):
    path = tmp_path / "x.safetensors"
    fates = ours.write(path, source(given_arrays), force=True)
    with safetensors.safe_open(path, "np") as file:
        kept = [f for f in fates if f.fate == "converted"]
        assert set(file.keys()) == {f.target for f in kept}
        for fate in kept:
            expected = given_arrays[fate.name]
            if expected.dtype.name in WIDENED:
                continue  # the library's numpy side has no such dtype: see the next test
            assert same(file.get_tensor(fate.target), expected)
    for fate in fates:
        if fate.fate == "skipped":
            assert given_arrays[fate.name].dtype == "complex128"
            assert "complex128" in fate.reason


def test_bfloat16_stays_bfloat16_in_safetensors(tmp_path):
    array = np.array([1.5, -2, np.inf, np.nan], ml_dtypes.bfloat16)
    ours.write(tmp_path / "x.safetensors", source({"w": array}))
    ((name, view),) = safetensors.deserialize((tmp_path / "x.safetensors").read_bytes())
    assert (name, view["dtype"], view["shape"]) == ("w", "BF16", [4])
    assert bytes(view["data"]) == array.tobytes()


@ANY_FOLDER
@given(tensors)
def test_h5py_reads_back_every_bit_of_weights_h5(tmp_path, given_arrays):
    path = tmp_path / "x.weights.h5"
    fates = weights_h5.write(path, source(given_arrays), force=True)
    with h5py.File(path) as file:
        for fate in fates:
            expected = given_arrays[fate.name]
            if fate.fate == "skipped":
                assert expected.dtype.name.startswith("float8")
                continue
            dataset = file[fate.target]
            assert unquote(dataset.attrs["tensorflow_name"]) == fate.name
            values = np.asarray(dataset)
            if expected.dtype == ml_dtypes.bfloat16:
                assert dataset.attrs["dtype"] == "bfloat16"
                values = values.view(expected.dtype)
            assert same(values, expected)


@given(names)
def test_an_escaped_name_is_no_way_out_and_comes_back(name):
    escaped = escape(name)
    assert unquote(escaped) == name
    member = f"{escaped}.npy"
    assert not member.startswith("/")
    assert "//" not in member
    assert "\\" not in member
    assert not {".", ".."} & set(member.split("/"))
    assert member.isprintable()
    assert zipfile.ZipInfo(member).filename == member


def test_plain_names_are_not_touched():
    assert escape("encoder/layer_1/kernel.S") == "encoder/layer_1/kernel.S"


def test_a_name_and_the_same_with_npy_are_two_tensors(tmp_path):
    a, b = np.zeros(2), np.ones(3)
    npz.write(tmp_path / "x.npz", source({"a": a, "a.npy": b}))
    with np.load(tmp_path / "x.npz") as loaded:
        assert same(loaded["a"], a)
        assert same(loaded["a%2Enpy"], b)


def test_strings_are_bytes_in_npz_and_refused_with_a_reason_elsewhere(tmp_path):
    array = np.empty(2, object)
    array[:] = [b"ab", b"\xff"]
    (fate,) = npz.write(tmp_path / "x.npz", source({"s": array}))
    with np.load(tmp_path / "x.npz", allow_pickle=False) as loaded:
        assert loaded["s"].tolist() == [b"ab", b"\xff"]
    assert fate.reason == "as fixed-width bytes"
    for write in (ours.write, weights_h5.write):
        (fate,) = write(tmp_path / "y", source({"s": array}), force=True)
        assert fate.fate == "skipped"
        assert "string" in fate.reason


def test_a_string_that_numpy_would_shorten_is_skipped(tmp_path):
    array = np.empty(1, object)
    array[:] = [b"a\0"]
    (fate,) = npz.write(tmp_path / "x.npz", source({"s": array}))
    assert fate.fate == "skipped"


@pytest.mark.parametrize("module", [npz, ours, weights_h5])
def test_names_of_ten_megabytes_are_kept_or_refused_by_name(tmp_path, module):
    name = "n" * 10_000_000
    (fate,) = module.write(tmp_path / "x", source({name: np.zeros(1)}))
    assert fate.target == name or "longer" in fate.reason


@given(arrays(dtypes=[d for d in DTYPES if d not in WIDENED]))
def test_progress_adds_up_to_the_bytes(tmp_path_factory, array):
    done = []
    ours.write(tmp_path_factory.mktemp("p") / "x", source({"a": array}), progress=done.append)
    assert sum(done) == (0 if array.dtype == "complex128" else array.nbytes)


def test_natural_order_counts():
    assert sorted(["d_10", "d_2", "d"], key=natural) == ["d", "d_2", "d_10"]
