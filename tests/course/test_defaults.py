"""Every row as ``tfmigrate compare ROW`` runs it, without an option: parity holds."""

from __future__ import annotations

import os

import pytest
from tfmigrate.course.catalogue import CHAPTERS, SYSTEMS
from tfmigrate.course.comparison import compare_all
from tfmigrate.course.datasets import load
from tfmigrate.course.programs import FIRST_STEPS, Training
from tfmigrate.course.request import Request
from tfmigrate.parity import EXACT
from tfmigrate.worker import Worker


@pytest.fixture(scope="module")
def workers():
    """Two processes for all rows; the command starts two for each."""
    with Worker("legacy") as legacy, Worker("modern") as modern:
        yield {"legacy": legacy, "modern": modern}


# Each takes twenty seconds or more; other files of this folder run them at a smaller size.
LONG = (
    "activations", "batch-norm", "deep-100", "fast-loop", "mlp-128", "mlp-deep",
    "mlp-regularized", "optimizers", "regularization", "schedules", "softmax", "transfer",
    "wide-deep",
)  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(system.name, marks=pytest.mark.xdist_group(f"defaults-{letter}"))
        for letter, (_, systems) in CHAPTERS.items()
        for system in systems
    ],
)
def test_a_row_without_options_passes(row, workers):
    if row in LONG and "TFMIGRATE_LONG" not in os.environ:
        pytest.skip("takes long (TFMIGRATE_LONG=1 runs it)")
    result = compare_all(SYSTEMS[row], Request(), workers)
    assert result.verdict == "pass", str(result)
    assert result  # exit status 0


def test_what_is_not_exact_is_held_together_over_a_hundred_steps():
    short = []
    for system in SYSTEMS.values():
        for program in (p for p in system.programs if isinstance(p, Training)):
            dataset = load(program.data)
            for case in map(program.case, program.cases or ("",)):
                inexact = case.tolerance != EXACT or case.kernel or case.departs
                steps = -(-len(case.prepare(dataset).x_train) // case.batch_size)
                if inexact and steps * case.epochs_on(None) < FIRST_STEPS:
                    short.append(system.name)
    assert not short
