"""Many small checkpoints: one command with two jobs, with one, and a command for each.

    python benchmarks/fleet.py FOLDER [--count 16] [--turns 1]

FOLDER has a folder for each checkpoint, with ``model.ckpt.meta`` in it. Rivals run in one go, in
turns; ratios are to one job. Memory is the greatest sum over all processes of a rival, each by the
share of its pages (PSS), read ten times a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import processes
from race import PYTHON

COMMAND = [*PYTHON, "-m", "tfmigrate", "convert-ckpt", "-q"]


def main() -> None:
    """Prints the table and one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--turns", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tfmigrate-bench-") as name:
        room = Path(name)
        sources = copies(given.folder, room / "sources", given.count)
        rivals = {
            "one job": [[*COMMAND, *sources, "-o", "OUT", "--jobs", "1"]],
            "two jobs": [[*COMMAND, *sources, "-o", "OUT", "--jobs", "2"]],
            "a command for each": [[*COMMAND, source, "-o", "OUT"] for source in sources],
        }
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
        for _ in range(given.turns):
            for name, commands in rivals.items():
                seen[name].append(measure(commands, room / "out"))
    first = statistics.median(seconds for seconds, _ in seen["one job"])
    rows = []
    print(f"{'':24} {'seconds':>8} {'peak MiB':>9} {'ratio':>6}")
    for name, found in seen.items():
        seconds, mib = statistics.median(s for s, _ in found), max(m for _, m in found)
        print(f"{name:24} {seconds:8.1f} {mib:9.0f} {seconds / first:6.2f}")
        rows.append({"what": name, "seconds": seconds, "mib": mib, "ratio": seconds / first})
    print(json.dumps({"schema": 1, "count": given.count, "rows": rows}))


def copies(folder: Path, to: Path, count: int) -> list[str]:
    """So many checkpoints, each a copy of one in the folder."""
    there = sorted(path.parent for path in folder.glob("*/model.ckpt.meta"))
    if not there:
        raise SystemExit(f"{folder} has no */model.ckpt.meta")
    made = []
    for number in range(count):
        source = there[number % len(there)]
        place = to / f"{number:03}-{source.name}"
        shutil.copytree(source, place)
        made.append(str(place / "model.ckpt"))
    return made


def measure(commands: list[list[str]], out: Path) -> tuple[float, float]:
    """Seconds of some commands one after another, and the peak MiB of one and its processes."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    found = []
    for number, command in enumerate(commands):
        place = [str(out / str(number)) if word == "OUT" else word for word in command]
        found.append(processes.measure(place, (0, 3)))
    return sum(seconds for seconds, _ in found), max(peak for _, peak in found)


if __name__ == "__main__":
    sys.exit(main())
