"""What a command takes: seconds, and the memory of it and of all processes that it started."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


def measure(command: list[str], passing: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Seconds and peak MiB; memory is read ten times a second.

    Args:
        passing: exit statuses that are no failure.
    """
    peak, start = 0.0, time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(_memory, _family(process.pid))))
        time.sleep(0.1)
    if process.returncode not in passing:
        raise SystemExit(f"{' '.join(command[:6])} ended with {process.returncode}")
    return time.perf_counter() - start, peak


def _family(pid: int) -> list[int]:
    """A process and those that it started, directly or not."""
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _memory(pid: int) -> float:
    """MiB of one process; pages that several have are divided among them (PSS, proc(5))."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return 0.0
