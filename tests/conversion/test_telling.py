"""A conversion reports whatever it leaves out, assumes or cannot compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases import Case
from tfmigrate import convert
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("conversion")

Report = Callable[..., dict[str, Any]]


@pytest.fixture
def report(
    case_of: Callable[[str], Case], graph_worker: Worker, keras_worker: Worker, tmp_path: Path
) -> Report:
    """The report of a case's conversion into ``tmp_path / "out"``."""

    def get(name: str, **options: Any) -> dict[str, Any]:
        workers = (graph_worker, keras_worker)
        made = convert(case_of(name).source, tmp_path / "out", workers=workers, **options)
        return made.report

    return get


def test_numbers_that_are_none_are_counted_and_prove_nothing(report: Report) -> None:
    found = report("structure/nan_in_weight")
    (told,) = found["warnings"]
    assert told.startswith("a/kernel has NaN or infinite elements (1 of 20).")
    # TensorFlow 1.15 makes NaN of it; a kernel of TensorFlow 2 that joins two ops makes 0.
    assert found["parity"]["verdict"] == "not proved"
    assert found["parity"]["max_abs"] == 0
