"""Proves every packed case on JAX and on PyTorch, and writes the figures into docs/backends.md.

    python tools/run_backends.py --python jax=PATH --python torch=PATH [--only TEXT]

A case's result is kept in build/backends: a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import tfmigrate
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker, WorkerError

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "data"
STATE = ROOT / "build" / "backends"
PAGE = ROOT / "docs" / "backends.md"
START, END = "<!-- Written by tools/run_backends.py. -->", "<!-- End of what it writes. -->"

Record = dict[str, Any]


def run(archive: Path, pythons: dict[str, str], workers: tuple[Worker, Worker]) -> Record:
    """The result of a case: its outcome, and what each backend gave."""
    name = f"{archive.parent.name}/{archive.stem}"
    kept = STATE / f"{name}.json"
    if kept.exists():
        record: Record = json.loads(kept.read_text("utf-8"))
        return record
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder)
        with zipfile.ZipFile(archive) as members:
            members.extractall(case)
        sources = [case / "frozen.pb", case / "saved_model", case / "model.ckpt"]
        source = next((path for path in sources if path.exists()), sources[-1])
        record = {"case": name}
        try:
            made = tfmigrate.convert(source, case / "out", backends=pythons, workers=workers)
            found = made.report.get("backends", [])
            record |= {"outcome": made.report["outcome"], "backends": found}
        except WorkerError:
            raise
        except UserError as error:
            record |= {"outcome": "refused", "reason": error.problem, "backends": []}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return record


def started(stack: ExitStack) -> tuple[Worker, Worker]:
    """A worker for graphs and one for Keras."""
    return stack.enter_context(Worker("graph")), stack.enter_context(Worker("Keras"))


def table(records: list[Record], names: list[str]) -> list[str]:
    """A row for each case that is a Keras model."""
    heads = [f"{name} {what}" for name in names for what in ("outputs", "losses", "state")]
    lines = [f"| case | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for record in records:
        by_name = {entry["backend"]: entry for entry in record["backends"]}
        cells = [cell for name in names for cell in figures(by_name[name])]
        lines.append(f"| {record['case']} | {' | '.join(cells)} |")
    return lines


def figures(entry: Record) -> list[str]:
    """Greatest difference of outputs (of their scale), losses (relative), weights and slots."""
    if "outputs" not in entry:
        return [entry["reason"], "", ""]
    shares = [float(o["max_abs"]) / (float(o["scale"]) or 1.0) for o in entry["outputs"]]
    found = [f"{max(shares, default=0.0):.1e}"]
    if "training" not in entry:
        return [*found, "–", "–"]
    losses = entry["training"]["losses"]
    apart = [abs(pair["original"] - pair["model"]) / abs(pair["original"] or 1) for pair in losses]
    state = float(entry["training"]["required_tolerance"]["of_scale"])
    marks = "" if entry["verdict"] == "pass" else f" **{entry['verdict']}**"
    return [*found, f"{max(apart):.1e}", f"{state:.1e}{marks}"]


def section(records: list[Record]) -> str:
    """What the page says of a run."""
    models = [record for record in records if record["outcome"] == "keras" and record["backends"]]
    names = [entry["backend"] for entry in models[0]["backends"]]
    versions = [
        f"{entry['backend']} {entry['version']}"
        for entry in models[0]["backends"]
        if "version" in entry
    ]
    counts = []
    for name in names:
        entries = [e for r in models for e in r["backends"] if e["backend"] == name]
        passed = sum(entry["verdict"] == "pass" for entry in entries)
        trained = [entry for entry in entries if "training" in entry]
        agree = sum(entry["verdict"] == "pass" for entry in trained)
        counts.append(
            f"{name}: {passed} of {len(entries)} agree, {agree} of {len(trained)} that also trained"
        )
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return "\n".join(
        [
            START,
            f"Run on {date}, {os.cpu_count()} cores ({platform.system()} {platform.machine()}): "
            f"{', '.join(versions)}, Keras {models[0]['backends'][0].get('keras', '')}. "
            f"{'; '.join(counts)}.",
            "",
            *table(models, names),
            END,
        ]
    )


@click.command()
@click.option("--python", multiple=True, metavar="NAME=PATH", required=True)
@click.option("--only", default="", help="Cases whose names contain this; writes no page.")
def main(python: tuple[str, ...], only: str) -> None:
    """Runs the cases and writes the page."""
    pythons = {name: path for name, _, path in (text.partition("=") for text in python)}
    records = []
    with ExitStack() as stack:
        workers = started(stack)
        for archive in sorted(CASES.glob("*/*.zip")):
            if only not in f"{archive.parent.name}/{archive.stem}":
                continue
            try:
                record = run(archive, pythons, workers)
            except WorkerError as error:  # TensorFlow aborted, and the next case needs another
                print(archive.stem, error.problem, sep=" · ", flush=True)
                workers = started(stack)
                continue
            verdicts = [f"{e['backend']} {e['verdict']}" for e in record["backends"]]
            print(record["case"], record["outcome"], *verdicts, sep=" · ", flush=True)
            records.append(record)
    if only:
        return
    page = PAGE.read_text("utf-8")
    pattern = re.escape(START) + ".*?" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: section(records), page, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
