"""What a disk refuses while a library writes, by a device that is always full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tfmigrate.errors import UserError
from tfmigrate.worker.disk import CANNOT_WRITE, writing

FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")


@FULL
def test_a_full_disk_is_reported_with_the_file_and_the_bytes_that_it_needs() -> None:
    with (
        pytest.raises(UserError, match=r"write model.keras: No space left.*needs 1,234 bytes"),
        writing("/somewhere/model.keras", 1234),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")


def test_the_words_of_the_system_are_found_in_other_errors() -> None:
    error = RuntimeError("ResourceExhausted: variables.data; No space left on device [Op:x]")
    with (
        pytest.raises(UserError, match="cannot write saved_model: No space left on device; try"),
        writing("saved_model"),
    ):
        raise error


def test_other_errors_are_left_alone() -> None:
    for error in (RuntimeError("shapes differ"), FileNotFoundError(2, "No such file")):
        with pytest.raises(type(error)), writing("model.keras"):
            raise error


BUILD = """
import resource, sys
import numpy as np
import keras
from tfmigrate.errors import UserError
from tfmigrate.worker import build
model = keras.Sequential([keras.Input((100,)), keras.layers.Dense(1000)])
build._state.update(model=model, missing=set(), keras=keras)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for weights in (None, sys.argv[1] + ".weights.h5"):
    try:
        build._save({"path": sys.argv[1] + ".keras", "weights": weights}, {})
    except UserError as error:
        print(error)
"""


@pytest.mark.xdist_group("tensorflow")
def test_keras_meets_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, tmp_path / "model"],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    for line in lines:
        assert line.startswith(f"{CANNOT_WRITE} model.keras: File too large; it needs 404,000 byt")
