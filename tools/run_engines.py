"""Trains the Keras form of each system of the course on JAX and on PyTorch, and writes the figures
into docs/backends.md.

    python tools/run_engines.py --python jax=PATH --python torch=PATH [--only NAME] [--epochs N]

A system's result is kept in build/engines: a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import click
import tfmigrate
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.keras_form import keras_form
from tfmigrate.course.programs import Training

ROOT = Path(__file__).parents[1]
STATE = ROOT / "build" / "engines"
PAGE = ROOT / "docs" / "backends.md"
START, END = "<!-- Written by tools/run_engines.py. -->", "<!-- End of what it writes. -->"

Record = dict[str, Any]


def run(name: str, pythons: dict[str, str], epochs: int | None) -> Record:
    """The report of a comparison."""
    kept = STATE / f"{name}.json"
    if not kept.exists():
        made = tfmigrate.compare(name, epochs=epochs, backends=pythons).to_dict()
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    report: Record = json.loads(kept.read_text("utf-8"))
    return next(part for part in report.get("parts", [report]) if "devices" in part)


def rows(report: Record, names: list[str]) -> list[str]:
    """A row for each case that was trained on the backends."""
    found = []
    for outcome in report["devices"]:
        by_name = {each["backend"]: each for each in outcome["backends"] if "parity" in each}
        if by_name:
            case = f" · {outcome['case']}" if outcome["case"] else ""
            cells = [cell for name in names for cell in figures(by_name[name])]
            name = f"`{report['system']}`{case}"
            found.append(f"| {name} | {report['epochs']} | {' | '.join(cells)} |")
    return found


def figures(each: Record) -> list[str]:
    """Outputs and losses at the start, losses and weights at the end, the shortest epoch."""
    before, first, watched, _, weights = each["parity"]
    marks = "" if each["verdict"] == "pass" else f" **{each['verdict']}**"
    seconds = min(epoch["seconds"] for epoch in each["epochs"][1:] or each["epochs"])
    return [
        f"{before['max_abs'] / (before['scale'] or 1):.1e}{marks}",
        f"{first['max_rel']:.1e}",
        f"{watched['max_rel']:.1e}",
        f"{weights['max_abs']:.1e}",
        f"{seconds:.2f}",
    ]


def section(reports: list[Record], names: list[str], left: dict[str, str]) -> str:
    """The text of the page between the markers."""
    trained = [
        each
        for report in reports
        for outcome in report["devices"]
        for each in outcome["backends"]
        if "parity" in each
    ]
    versions = dict.fromkeys(f"{each['backend']} {each['version']}" for each in trained)
    agree = [
        f"{name}: {sum(e['verdict'] == 'pass' for e in trained if e['backend'] == name)} of "
        f"{sum(e['backend'] == name for e in trained)} agree"
        for name in names
    ]
    heads = [
        f"{name} {what}"
        for name in names
        for what in ("outputs", "3 losses", "100 losses", "weights", "s/epoch")
    ]
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return "\n".join(
        [
            START,
            f"Run on {date}, {os.cpu_count()} cores ({platform.system()} {platform.machine()}): "
            f"{', '.join(versions)}, Keras {trained[0]['keras']}. {'; '.join(agree)}.",
            "",
            f"| system | epochs | {' | '.join(heads)} |",
            f"|---|---|{'---|' * len(heads)}",
            *(row for report in reports for row in rows(report, names)),
            "",
            "Not run: "
            + "; ".join(f"`{name}` ({obstacle})" for name, obstacle in left.items())
            + ".",
            END,
        ]
    )


@click.command()
@click.option("--python", multiple=True, metavar="NAME=PATH", required=True)
@click.option("--only", default="", help="Systems whose names contain this; writes no page.")
@click.option("--epochs", type=int, help="Passes over the data, where no result is kept.")
def main(python: tuple[str, ...], only: str, epochs: int | None) -> None:
    """Runs the systems that train, and writes the page."""
    pythons = {name: path for name, _, path in (text.partition("=") for text in python)}
    reports, left = [], {}
    for name, system in SYSTEMS.items():
        program = next((p for p in system.programs if isinstance(p, Training)), None)
        if program is None or only not in name:
            continue
        if obstacle := keras_form(system.module, program).obstacle:
            left[name] = obstacle
            continue
        report = run(name, pythons, epochs)
        print(name, report["verdict"], sep=" · ", flush=True)
        reports.append(report)
    if only:
        return
    page = PAGE.read_text("utf-8")
    pattern = re.escape(START) + ".*?" + re.escape(END)
    text = section(reports, list(pythons), left)
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
