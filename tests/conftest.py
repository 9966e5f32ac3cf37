"""The data of all tests, and a count of the tests that were skipped."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cases import DATA, Case, packed, unpack
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from tfmigrate.conversion.result import Conversion
from tfmigrate.plan.balance import Balance
from tfmigrate.report import plain, schema

REPORT_SCHEMA = Draft202012Validator(schema("report"))

# Examples are judged by what they give, not by the time they take on a busy machine. CI draws the
# same ones every time: what it finds must not depend on the day.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tests")


# Commands that a suite in the background starts shall hear their signals all the same.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(_number) is signal.SIG_IGN:
            signal.signal(_number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def case_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """Name of a packed case, for example ``train/lars`` → the case, unpacked once."""
    folder = tmp_path_factory.mktemp("cases")
    return cache(lambda name: Case(unpack(DATA / f"{name}.zip", folder / name)))


@pytest.fixture(scope="session")
def goldens(case_of: Callable[[str], Case]) -> Path:
    """The folder with the goldens, one folder a case."""
    (folder,) = {case_of(name).folder.parent for name in packed("goldens")}
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with ``corpus``, checkpoints of other people, and ``data``, whole datasets."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("TFMIGRATE_SHARED", default))
    if not folder.is_dir():
        pytest.skip(
            "needs checkpoints of other people or whole datasets, which are not part of the "
            "project (TFMIGRATE_SHARED names their folder)"
        )
    return folder


@pytest.fixture(scope="session")
def tf1_python() -> str:
    """The path of an interpreter that has TensorFlow 1."""
    python = os.environ.get("TFMIGRATE_TF1")
    if not python:
        pytest.skip("needs an interpreter with TensorFlow 1 (TFMIGRATE_TF1 names it)")
    return python


@pytest.fixture(scope="session", params=["packed", "corpus"])
def sources(request: pytest.FixtureRequest) -> Path:
    """The folder of all packed cases; then that of the corpus."""
    if request.param == "corpus":
        return request.getfixturevalue("shared") / "corpus"
    case_of = request.getfixturevalue("case_of")
    (folder,) = {case_of(name).folder.parents[1] for name in packed()}
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests were skipped, of how many, and why."""
    stats = terminalreporter.stats
    ran = sum(len(stats.get(word, ())) for word in ("passed", "failed", "error", "xfailed"))
    reasons = Counter(str(report.longrepr[2]) for report in stats.get("skipped", ()))
    skipped = reasons.total()
    if skipped:
        share = skipped / (ran + skipped)
        terminalreporter.line(f"{skipped} of {ran + skipped} tests were skipped ({share:.1%}):")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:5}  {reason.removeprefix('Skipped: ')}")


@pytest.fixture(autouse=True)
def every_report_is_as_the_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any conversion of a test: what other programs read."""
    init = Conversion.__init__

    def checked(self: Conversion, report: dict[str, Any], folder: Path | None) -> None:
        REPORT_SCHEMA.validate(json.loads(json.dumps(plain(report))))
        init(self, report, folder)

    monkeypatch.setattr(Conversion, "__init__", checked)


@pytest.fixture(autouse=True)
def every_element_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any conversion of a test: where a person is warned, a test fails."""

    def warnings(found: Balance) -> list[str]:
        assert not found.missing
        assert found.model + found.training + found.skipped == found.checkpoint
        return []

    monkeypatch.setattr(Balance, "warnings", warnings)
