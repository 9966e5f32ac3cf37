"""What a signal leaves: one line, the usual status, no traceback and no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.cli.signals import Ended, interruption_behind

SAID = {
    signal.SIGINT: "error: interrupted; no partial output remains\n",
    signal.SIGTERM: "error: ended by SIGTERM; no partial output remains\n",
    signal.SIGHUP: "error: ended by SIGHUP, because the terminal closed; "
    "no partial output remains\n",
}
each_signal = pytest.mark.parametrize("number", list(SAID), ids=lambda number: number.name)


def command(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tfmigrate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def until(happened: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def slow_import(tmp_path: Path) -> dict[str, str]:
    """The environment of a command that imports a click which sleeps, and then ends it with 7."""
    (tmp_path / "click.py").write_text(
        "import time\nprint(flush=True)\ntime.sleep(1)\nraise SystemExit(7)\n"
    )
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


@each_signal
def test_while_it_imports_there_is_no_traceback(
    number: signal.Signals, slow_import: dict[str, str]
) -> None:
    process = command("--version", env=slow_import)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    assert process.communicate(timeout=20)[1] == SAID[number]
    assert process.returncode == 128 + number


def test_under_nohup_the_terminal_may_close(slow_import: dict[str, str]) -> None:
    process = command(
        "--version",
        env=slow_import,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 7


@each_signal
def test_while_it_writes_nothing_is_left(number: signal.Signals, tmp_path: Path) -> None:
    tensors = ((f"w{i}", np.zeros(1 << 20, "f4")) for i in range(16))
    write_bundle(tmp_path / "model.ckpt", tensors)
    out = tmp_path / "out"
    out.mkdir()
    to = ("--to", "npz", "--to", "tf1")
    process = command("convert-ckpt", tmp_path / "model.ckpt", "-o", out / "o", *to)
    until(lambda: list(out.glob(".*.partial/*/*")))
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", SAID[number])
    assert process.returncode == 128 + number
    assert os.listdir(out) == []


STARTS = """
import time
from tfmigrate.worker import Worker
worker = Worker()
print(worker._process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="needs Linux's /proc")
def test_workers_end_with_a_command_that_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    stat = Path("/proc", process.stdout.readline().strip(), "stat")
    assert stat.exists()
    process.kill()
    process.communicate()

    def ended() -> bool:  # also where nothing collects the orphan
        try:
            return stat.read_text().rpartition(")")[2].split()[0] in "ZX"
        except OSError:
            return True

    until(ended)


def test_an_error_in_the_course_of_an_interruption_is_one():
    def close_what_cannot_be_closed():
        try:
            raise Ended(signal.SIGTERM)
        finally:
            raise ValueError("there is an open handle")

    with pytest.raises(ValueError, match="open handle") as raised:
        close_what_cannot_be_closed()
    interruption = interruption_behind(raised.value)
    assert isinstance(interruption, Ended)
    assert interruption.status == 143
    assert interruption_behind(ValueError()) is None
