"""The TF1 side, on today's TensorFlow, gives the weights and losses that TensorFlow 1.15 gave."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.course.catalogue import CHAPTERS

pytestmark = pytest.mark.xdist_group("traces")

_SPEC = importlib.util.spec_from_file_location(
    "make_traces", Path(__file__).with_name("make_traces.py")
)
make_traces = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_traces)

THEN = json.loads(make_traces.TRACES.read_text())

# Rounding: at most 4e-7 was measured in float32 and 6e-16 in float64, over ten steps.
FLOAT32, FLOAT64 = 1e-6, 2e-15
# Kernels of the two add up in another order: 2e-6 in the first loss already, 1.3e-5 in the tenth.
# In float64 it stays within the same as all others, so it is rounding.
OTHERS = {"deep-100: SELU": 5e-5}


@pytest.fixture(scope="module")
def given():
    return make_traces.inputs()


@pytest.fixture(scope="module")
def now(given, tmp_path_factory):
    """All rows, traced by one process with today's TensorFlow."""
    output = tmp_path_factory.mktemp("traces") / "traces.json"
    make_traces.trace(sys.executable, given, output)
    return json.loads(output.read_text())["cases"]


def test_the_traces_are_of_tensorflow_1_and_of_all_rows_and_examples_of_today(given):
    assert THEN["tensorflow"].startswith("1.15.")
    assert list(THEN["cases"]) == list(json.loads(str(given["cases"])))
    assert THEN["examples"] == make_traces.checksums(given)


@pytest.mark.parametrize("letter", "BCD")
def test_every_row_that_trains_a_network_is_traced(letter):
    traced = {name.partition(":")[0] for name in THEN["cases"]}
    assert {system.name for system in CHAPTERS[letter][1]} <= traced


def test_they_are_small():
    assert make_traces.TRACES.stat().st_size < 200_000


@pytest.mark.parametrize("case", THEN["cases"])
def test_the_weights_begin_alike(case, now):
    """The same seeds give the same weights, to the last bit; only the sums of them are rounded."""
    then = THEN["cases"][case]["weights"]
    assert list(now[case]["weights"]) == list(then)
    for name, (total, squares) in then.items():
        today = now[case]["weights"][name]
        # The sum of many numbers around 0 has lost digits; the root of the squares bounds it.
        np.testing.assert_allclose(today[0], total, rtol=0, atol=1e-12 * max(squares, 1))
        np.testing.assert_allclose(today[1], squares, rtol=1e-12)


@pytest.mark.parametrize("case", THEN["cases"])
def test_ten_losses_are_those_of_tensorflow_1(case, now):
    then = THEN["cases"][case]["losses"]
    assert len(then) == make_traces.STEPS
    assert len(set(then)) == len(then)  # each step has another batch: none is the last one again
    double = case.startswith("cats") or case.endswith("in float64")
    tolerance = OTHERS.get(case, FLOAT64 if double else FLOAT32)
    np.testing.assert_allclose(now[case]["losses"], then, rtol=tolerance, atol=0)
