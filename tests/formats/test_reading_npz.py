"""Files that numpy wrote, and what is reported about others of that name."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.formats.npz import read

ARRAYS = {
    "x:0": np.arange(600, dtype="f4").reshape(20, 30),
    "": np.array([True]),
    "s": np.array([b"ab"]),
}
HUGE = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (10**15,), }"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.savez_compressed(tmp_path / "data.npz", **ARRAYS)
    return tmp_path / "data.npz"


def member(content: bytes, name: str = "x.npy") -> object:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, content)

    return write


def flip(file: Path) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[60:90] = bytes(byte ^ 90 for byte in damaged[60:90])
    file.write_bytes(damaged)


def as_array(file: Path) -> None:
    with file.open("wb") as written:
        np.save(written, ARRAYS["x:0"])


def as_objects(file: Path) -> None:
    np.savez(file, x=np.array([{}], object))


def as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def test_what_numpy_wrote_is_what_is_read(file: Path) -> None:
    found = read(file)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert np.array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.write_bytes(b""), "is empty; expected an intact .npz file"),
        (lambda file: file.write_bytes(b"features: 1, 2, 3\n" * 9), "is not an .npz file"),
        (lambda file: file.write_bytes(b"\x80\x04}\x94\x8c\x01a\x94K\x01s."), "not an .npz file"),
        (lambda file: file.write_bytes(bytes(500)), "is not an .npz file"),
        (lambda file: file.write_bytes(file.read_bytes()[:300]), "is cut short or damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "is cut short or damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:10]), "is cut short or damaged"),
        (flip, "is damaged: .*; try copying it again"),
        (as_array, "is a single array (.npy)"),
        (as_objects, "contains Python objects"),
        (member(b"junk"), "x in .* is not a numpy array"),
        (member(b""), "x in .* is not a numpy array"),
        (member(b"raw", "x"), "x in .* is not a numpy array"),
        (member(HUGE), "is damaged"),
        (member(HUGE.replace(b"10**15", b"1" + b"0" * 15).ljust(128) + b"\n"), "do not fit in mem"),
        (as_pipe, "is not a regular file"),
        (as_folder, "is not a regular file"),
        (lambda file: file.unlink(), "cannot be read: No such file"),
        (lambda file: (file.unlink(), file.symlink_to(file)), "cannot be read: Too many levels"),
    ],
)
def test_anything_else_is_one_clear_error(change, words, file: Path) -> None:
    change(file)
    with pytest.raises(UserError, match=words.replace("(.npy)", r"\(.npy\)")) as raised:
        read(file)
    assert "allow_pickle" not in str(raised.value)
