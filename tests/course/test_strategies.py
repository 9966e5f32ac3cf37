"""The Keras form on several devices: what is refused, what is left out, and what it computes."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from tfmigrate import compare
from tfmigrate.cli.main import run
from tfmigrate.course import catalogue
from tfmigrate.course.datasets import load
from tfmigrate.course.strategies import evenly, obstacle, odd
from tfmigrate.errors import UserError
from tfmigrate.parity import Verdict

LONG = pytest.mark.skipif(
    "TFMIGRATE_LONG" not in os.environ, reason="takes long (TFMIGRATE_LONG=1 runs it)"
)


def test_what_cannot_be_compared_is_refused_before_any_work() -> None:
    with pytest.raises(UserError, match="parameter-server cannot be compared: its workers update"):
        compare("mlp", strategies=["parameter-server"])
    with pytest.raises(UserError, match="there is no strategy 'tpu'; expected mirrored"):
        compare("mlp", strategies=["tpu"])
    with pytest.raises(UserError, match="so --device has no effect"):
        compare("mlp", strategies=["mirrored"], device="gpu")


@pytest.mark.parametrize("options", [["--form", "tape"], ["--batch-size", "33"]])
def test_run_refuses_what_replicas_cannot_do(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", "modern", "mlp", "--strategy", "mirrored", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "not by the form tape" in line or "cannot share a batch of 33 evenly" in line


@pytest.mark.parametrize(
    ("system", "why"),
    [
        ("mlp", ""),
        ("wide-deep", ""),
        ("batch-norm", "statistics of each replica's part"),
        ("mlp-dropout", "each replica draws random numbers"),
        ("cats", "a tape trains the system"),
        ("devices", "compares values"),
    ],
)
def test_a_reason_is_named_where_replicas_would_compute_something_else(
    system: str, why: str
) -> None:
    found = catalogue.find(system)
    reason = obstacle(found.module, found.programs[0])
    assert why in reason if why else reason == ""


def test_replicas_share_all_batches_evenly() -> None:
    program = catalogue.find("mlp").training
    prepared = program.prepare(load("digits"))  # 1,437 = 11 · 128 + 29
    shared, note = evenly(prepared, 128)
    assert len(shared.x_train) == len(shared.y_train) == 1436
    assert np.array_equal(shared.x_train, prepared.x_train[:1436])
    assert note.startswith("the last 1 of 1,437 examples are left out: 2 replicas cannot share")
    few = replace(prepared, x_train=prepared.x_train[:1420], y_train=prepared.y_train[:1420])
    assert evenly(few, 128) == (few, "")
    assert odd(128) == ""
    assert odd(25).endswith("try --batch-size 26")


@LONG
def test_two_devices_and_two_processes_compute_what_one_device_does() -> None:
    result = compare("mlp", epochs=2, strategies=["mirrored", "multi-worker"])
    assert result
    assert sum("another order of sums" in str(block) for block in result.blocks()) == 1
    mirrored, several = result.devices[0].strategies
    for each in (mirrored, several):
        assert each.verdict is Verdict.PASS
        assert not each.lines[0].difference.differing  # the same weights to begin with
        in_double = [line.difference for line in each.lines if "float64" in line.what]
        assert all(0 <= difference.max_rel < 1e-11 for difference in in_double)
        assert each.lines[1].difference.max_rel < 1e-6
    assert mirrored.side.placement == "CPU:0 + CPU:1"
    assert several.lines[-1].what == "weights of all processes, after training"
    assert not several.lines[-1].difference.differing
    # Both share each batch in the same halves.
    for name, array in mirrored.side.arrays.items():
        assert np.allclose(array, several.side.arrays[name], rtol=0, atol=1e-6)
    told = result.to_dict()["devices"][0]["strategies"]
    assert [entry["strategy"] for entry in told] == ["mirrored", "multi-worker"]
    assert "pass on mirrored, pass on multi-worker" in result.blocks()[-1].text
