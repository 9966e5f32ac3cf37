"""Fuzzes every reader at once, on all cores, and writes the numbers into docs/reliability.md.

python -m tests.fuzz --seconds 600
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

from .one import MEMORY, SECONDS
from .targets import TARGETS, Target

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
FOLDER = ROOT / "build" / "fuzz"
START, END = "<!-- Written by make fuzz. -->", "<!-- End of what make fuzz writes. -->"
_DEATHS = {70: f"longer than {SECONDS} s", 71: f"more than {MEMORY} MiB"}  # FuzzerOptions.h
_MOST_STARTS = 50  # of one target: one that dies at once is not started forever


@dataclass
class Run:
    """One target: the processes that try it, one after another."""

    target: Target
    seconds: float
    folder: Path
    deaths: list[str] = field(default_factory=list)
    running: bool = False

    def run(self) -> None:
        """Starts a process, and another after each that dies, until the time ends."""
        self.running = True
        until = time.monotonic() + self.seconds
        for start in range(_MOST_STARTS):
            left = int(until - time.monotonic())
            if left < 1:
                break
            log = self.folder / f"{self.target.name}-{start}.log"
            command = [sys.executable, "-m", "tests.fuzz.one", self.target.name, str(self.folder)]
            command += ["--seconds", str(left), "--covers", *self.target.covers]
            with log.open("wb") as output:
                status = subprocess.run(command, stdout=output, stderr=output, cwd=ROOT).returncode
            if status == 0:
                break
            self.deaths.append(f"{_DEATHS.get(status, f'exit status {status}')}: {log}")
        self.running = False

    def counts(self) -> dict[str, float]:
        """Inputs, refused, slowest in seconds, memory in MiB, over all its processes."""
        files = [json.loads(path.read_text()) for path in self._counted()]
        total = {key: sum(file[key] for file in files) for key in ("inputs", "refused")}
        most = {key: max((f[key] for f in files), default=0) for key in ("slowest", "memory")}
        return total | most

    def findings(self) -> list[str]:
        """What failed, and where it is kept; one line each."""
        found: dict[str, str] = {}
        for path in self._counted():
            found |= json.loads(path.read_text())["findings"]
        return [f"{what}: {kept}" for what, kept in found.items()] + self.deaths

    def _counted(self) -> list[Path]:
        return list(self.folder.glob(f"{self.target.name}-*.json"))


def run_all(runs: Sequence[Run], jobs: int) -> None:
    """All targets, so many at a time, the longest first; tells the progress every ten seconds."""
    waiting: Queue[Run] = Queue()
    for run in sorted(runs, key=lambda run: -run.seconds):
        waiting.put(run)

    def work() -> None:
        while True:
            try:
                run = waiting.get_nowait()
            except Empty:
                return
            run.run()

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(10) if threads[0].is_alive() else time.sleep(10)
        inputs = sum(run.counts()["inputs"] for run in runs)
        found = sum(len(run.findings()) for run in runs)
        now = ", ".join(f"{r.target.name} {r.counts()['inputs']:,}" for r in runs if r.running)
        seconds = time.monotonic() - started
        print(f"{seconds:5.0f} s: {inputs:,} inputs, {found} findings; {now}", flush=True)


def section(runs: Sequence[Run], seconds: float, jobs: int) -> str:
    """The numbers of a run, for the page."""
    rows = []
    total = 0
    for run in runs:
        counts = run.counts()
        total += int(counts["inputs"])
        rows.append(
            f"| {run.target.reads} | {counts['inputs']:,} | {counts['refused']:,} | "
            f"{counts['slowest']:.1f} s | {counts['memory']:,} MiB | {len(run.findings())} |"
        )
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    findings = sum(len(run.findings()) for run in runs)
    return "\n".join(
        [
            START,
            f"Last run: {date}, {seconds / 60:.0f} minutes in {jobs} processes on "
            f"{os.cpu_count()} cores ({platform.system()} {platform.machine()}), Python "
            f"{platform.python_version()}: {total:,} inputs, {findings} findings.",
            "",
            "| reader of | inputs | refused | slowest input | largest process | findings |",
            "|---|---|---|---|---|---|",
            *rows,
            END,
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets; 1 if there are findings, 2 if atheris is not installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600, help="of the whole run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, help="only these; writes no table")
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("atheris") is None:
        print(
            "fuzzing needs atheris, which is not installed; try python -m pip install "
            "-c constraints-dev.txt -e '.[fuzz]'",
            file=sys.stderr,
        )
        return 2
    chosen = [TARGETS[name] for name in options.targets or TARGETS]
    share = options.seconds * options.jobs / sum(target.weight for target in chosen)
    folder = FOLDER / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    runs = [Run(t, min(share * t.weight, options.seconds), folder) for t in chosen]
    started = time.monotonic()
    run_all(runs, options.jobs)
    text = section(runs, time.monotonic() - started, options.jobs)
    print(text)
    for run in runs:
        for finding in run.findings():
            print(f"{run.target.name}: {finding}")
    if not options.targets:
        page = PAGE.read_text("utf-8")
        pattern = re.escape(START) + ".*" + re.escape(END)
        PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), "utf-8")
    return 1 if any(run.findings() for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
