"""Runs the MNIST, cats and taxi rows of the course at full size, and writes docs/results.md.

    TFMIGRATE_DATA=FOLDER python tools/run_course.py [--rows mlp,fare] [--epochs N] [--output FILE]

A row's result is kept in build/course until its request changes: what was interrupted goes on where
it stopped. Every figure in the page is read from these results, or from NOTES below.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import tfmigrate
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.programs import Training
from tfmigrate.errors import UserError
from tfmigrate.report import plain

ROOT = Path(__file__).parents[1]

# The small dataset of a row → the full one.
FULL = {"digits": "mnist", "cats-like": "cats", "fares-like": "taxi"}

# Chapters B and D, in the order of the catalogue.
ROWS = [
    system.name
    for system in SYSTEMS.values()
    if isinstance(system.program, Training) and system.program.data in FULL
]

# What the course's notes print for a row, on the test set.
NOTES = {
    "mlp": "0.1084 at every epoch: see stale-graph",
    "mlp-deep": "0.983; 0.9250 in training, first epoch",
    "mlp-dropout": "0.984",
}

Record = dict[str, Any]


def full_size(row: str, epochs: int | None) -> Record:
    """The request of a row: its full dataset, and the course's own number of epochs."""
    program = SYSTEMS[row].training
    return {"data": FULL[program.data], "epochs": epochs or program.epochs}


def run(row: str, request: Record, state: Path) -> Record:
    """The result of a row: kept from the last time, or computed now."""
    path = state / f"{row}.json"
    if path.exists():
        record: Record = json.loads(path.read_text())
        if record["request"] == request:
            return record
    start = time.perf_counter()
    result = tfmigrate.compare(row, **request)
    record = plain(
        {
            "request": request,
            "seconds": time.perf_counter() - start,
            "result": result.to_dict(),
        }
    )
    state.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(record, indent=1) + "\n")
    unfinished.replace(path)
    return record


def parts(record: Record) -> list[Record]:
    """The comparisons of a row: one, or several that were joined."""
    found: list[Record] = record["result"].get("parts", [record["result"]])
    return found


def outcomes(record: Record) -> list[Record]:
    """The trained cases of a row."""
    return [outcome for part in parts(record) for outcome in part.get("devices", [])]


def metric_of(side: Record) -> tuple[str, list[float]]:
    """What a side measured after each epoch, and its name."""
    (name,) = set(side["epochs"][0]) - {"loss", "seconds", "examples"}
    return name, [epoch[name] for epoch in side["epochs"]]


def _line(row: str, outcome: Record) -> tuple[str, ...]:
    sides = {side["form"]: side for side in outcome["sides"]}
    name, _ = metric_of(outcome["sides"][0])

    def last(form: str) -> str:
        if form not in sides:
            return ""
        told = "" if form == "session" else f" ({form})"
        return f"{metric_of(sides[form])[1][-1]:.4f}{told}"

    def seconds(forms: list[str]) -> str:
        times = [
            side["first_step_seconds"] + sum(epoch["seconds"] for epoch in side["epochs"])
            for form, side in sides.items()
            if form in forms
        ]
        return " / ".join(f"{t:.2g} s" if t < 10 else f"{t:.0f} s" for t in times)

    modern = [form for form in sides if form != "session"]
    parity = outcome["verdict"]
    if outcome["identical"] and len(sides) > 1:
        parity += ", bit-identical"
    elif outcome.get("kernel") and outcome["exact"]:  # not in results of earlier versions
        parity += (
            f", bit-identical with TF1's {outcome['kernel']}; with Keras's {outcome['kernel']} "
            f"the loss differs by {outcome['parts']:.2g} within 100 steps"
        )
    elif len(sides) > 1:
        parity += f", epoch losses differ by ≤ {outcome['largest_loss_difference']:.2g}"
    return (
        f"`{row}`" + (f", {outcome['case']}" if outcome["case"] else ""),
        str(len(outcome["sides"][0]["epochs"])),
        name,
        NOTES.get(row, ""),
        f"{metric_of(outcome['sides'][0])[1][0]:.4f}",
        last("session"),
        " / ".join(filter(None, map(last, modern))),
        parity,
        seconds(["session"]),
        seconds(modern),
    )


def _table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [titles, ["---"] * len(titles), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _values(records: dict[str, Record]) -> str:
    """The verdict on what rows show besides training."""
    lines = []
    for row, record in records.items():
        for part in parts(record):
            if "values" in part:
                lines.append((f"`{row}`", str(len(part["values"])), part["verdict"]))
    if not lines:
        return ""
    return "\n## Values\n\n" + _table(("row", "values compared", "parity"), lines)


def _claims(records: dict[str, Record]) -> str:
    """What the figures have to show, and whether they do."""
    lines, remark = [], ""

    def measured(row: str) -> list[list[float]]:
        return [metric_of(side)[1] for o in outcomes(records[row]) for side in o["sides"]]

    if "mlp-deep" in records:
        sides = measured("mlp-deep")
        most, last = [max(side) for side in sides], [side[-1] for side in sides]
        for when, found in (("in one of its epochs", most), ("in the last epoch", last)):
            what = f"`mlp-deep` reaches 98.0 % {when} on both sides"
            told = " / ".join(f"{value:.2%}" for value in found)
            lines.append((what, _word(min(found) >= 0.98), told))
        half = [side[len(side) // 2 :] for side in sides]
        remark = (
            "\nThe accuracy of `mlp-deep` varies from epoch to epoch: in the second half of its "
            f"epochs it is between {min(map(min, half)):.2%} and {max(map(max, half)):.2%}. "
            "The value in the last epoch is one of these at random. Keras's Adam differs from "
            "TF1's, so each side ends with a different value.\n"
        )
    if {"fare", "wide-deep"} <= set(records):
        worst = max(side[-1] for side in measured("wide-deep"))
        best = min(side[-1] for side in measured("fare"))
        told = f"{worst:.3f} against {best:.3f}"
        lines.append(("`wide-deep` beats `fare` by rmse", _word(worst < best), told))
    if not lines:
        return ""
    titles = ("claim", "holds", "measured")
    return "\n## Claims\n\n" + _table(titles, lines) + remark


def _word(holds: bool) -> str:
    return "yes" if holds else "no"


def page(records: dict[str, Record]) -> str:
    """The page, from the results there are; rows without one are named."""
    lines = [_line(row, outcome) for row, record in records.items() for outcome in outcomes(record)]
    settings = outcomes(next(iter(records.values())))[0]["settings"]
    titles = ("row", "epochs", "measured", "figure in the notes", "TF1, first epoch", "TF1", "TF2")
    missing = [row for row in ROWS if row not in records]
    return (
        "# The course at full size\n\n"
        "<!-- Written by tools/run_course.py: run `make course`. -->\n\n"
        f"TensorFlow {settings['tensorflow']}, Keras {settings['keras']}, "
        f"{settings['threads']} threads, on {', '.join(settings['devices'])}. Metrics are measured "
        "on the test set after the last epoch, or on the validation set if a row stops by it. "
        "Times include only training; the forms run one at a time.\n\n"
        + _table((*titles, "parity", "time TF1", "time TF2"), lines)
        + _values(records)
        + _claims(records)
        + (f"\nNot run: {', '.join(missing)}.\n" if missing else "")
    )


@click.command()
@click.option("--rows", metavar="A,B", help="Only these rows.")
@click.option("--epochs", type=click.IntRange(1), help="Instead of the course's own.")
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "docs" / "results.md")
@click.option("--state", type=click.Path(path_type=Path), default=ROOT / "build" / "course")
def main(rows: str | None, epochs: int | None, output: Path, state: Path) -> None:
    """Runs rows at full size, one after the other, and writes the page after each."""
    wanted = rows.split(",") if rows else ROWS
    if unknown := [row for row in wanted if row not in ROWS]:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(ROWS)}")
    records = {}
    for row in wanted:
        try:
            records[row] = run(row, full_size(row, epochs), state)
        except UserError as error:
            sys.exit(f"{row}: {error}")
        verdict = records[row]["result"]["verdict"]
        print(f"{row}: {verdict}, {records[row]['seconds']:.0f} s", flush=True)
        output.write_text(page(records), "utf-8")


if __name__ == "__main__":
    main()
