"""Commands measured as processes of their own, in turns, and told as a table.

Every measurement is a process, interpreter and imports included. Memory is its peak resident size.
Rivals take turns, and the median of the turns is taken. Targets are in seconds that pass, so
measure on an idle machine; the processor's own seconds stand beside.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

# The measuring process imports nothing large: what it forks starts with its own size as peak.
PYTHON = [sys.executable]

Target = tuple[str, bool]  # what was wanted, and whether it was met


def measure(command: list[str], out: Path | None = None) -> tuple[float, float, float]:
    """Seconds, those of the processor, and peak MiB of one process.

    Its output folder is new, the disk's queue empty.
    """
    if out is not None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{errors.decode()[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def race(
    rivals: dict[str, list[str]], turns: int, out: Path | None = None
) -> dict[str, dict[str, float]]:
    """Each rival's median seconds and greatest MiB over some turns, after one that warms up."""
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in rivals}
    for turn in range(turns + 1):
        for name, command in rivals.items():
            found = measure(command, out)
            if turn:
                seen[name].append(found)
    return {
        name: {
            "seconds": statistics.median(seconds for seconds, _, _ in found),
            "processor": statistics.median(processor for _, processor, _ in found),
            "mib": max(mib for _, _, mib in found),
        }
        for name, found in seen.items()
    }


def tell(rows: list[dict], targets: list[Target]) -> int:
    """Prints the table and one JSON document; gives the exit status, 1 if a target is missed."""
    print(f"{'':44} {'seconds':>8} {'processor':>10} {'peak MiB':>9} {'ratio':>7}")
    for row in rows:
        ratio = f"{row['ratio']:7.2f} to {row['to']}" if row["ratio"] else ""
        times = f"{row['seconds']:8.2f} {row['processor']:10.2f}"
        print(f"{row['what']:44} {times} {row['mib']:9.0f} {ratio}")
    for what, met in targets:
        print(f"{'met' if met else 'MISSED':7} {what}")
    print(json.dumps({"schema": 1, "rows": rows, "targets": dict(targets)}))
    return 0 if all(met for _, met in targets) else 1
