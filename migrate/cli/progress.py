"""What commands show while they work: each gives the function that receives the events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..report import Sink


@contextmanager
def stages(sink: Sink) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar that shows the stage, and its bytes where they are counted."""
    with sink.progress() as progress:
        task = progress.add_task("reading", total=None, note="")

        def on_event(event: dict[str, Any]) -> None:
            if "stage" in event:
                total = event.get("total") or None
                progress.reset(task, description=event["stage"], total=total, note="")
            else:
                progress.update(task, advance=event["bytes"])
                now = progress.tasks[0]
                if now.total is not None:
                    note = f"{now.completed / 2**20:,.0f} of {now.total / 2**20:,.0f} MiB"
                    progress.update(task, note=note)

        yield on_event


@contextmanager
def counted(sink: Sink) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar that counts sources and shows the last stage; in a pipe, a line for each source."""
    with sink.progress() as progress:
        task = progress.add_task("reading", total=None, note="")
        ended = 0

        def on_event(event: dict[str, Any]) -> None:
            nonlocal ended
            if "total" in event and "jobs" in event:
                text = f"converting, {event['jobs']} at once"
                progress.update(task, description=text, total=event["total"])
            elif "row" in event:
                ended += 1
                progress.update(task, advance=1)
                if progress.disable:
                    row, total = event["row"], progress.tasks[0].total or 0
                    said = row["error"] or f"{row['outcome']}, {row['verdict']}"
                    sink.note(f"{ended} of {total:.0f}: {row['folder']}: {said}")
            elif "stage" in event:
                progress.update(task, note=f"{event['source']}: {event['stage']}")

        yield on_event


@contextmanager
def epochs(sink: Sink) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A table with a row for each side, which the epochs fill as they end."""
    from ..course.training import FORMS
    from ..report import Table

    with sink.progress() as progress:
        task = progress.add_task("starting TensorFlow", total=None, note="")
        rows: dict[str, list[str]] = {}

        def on_event(event: dict[str, Any]) -> None:
            backend = event["backend"]
            side = f"Keras on {backend}" if backend else FORMS[event["form"]].title
            device = event["device"] if event["device"] != "cpu" else ""
            name = " · ".join(filter(None, (event["case"], device, side, event["again"])))
            ended, total = event["epoch"], event["epochs"]
            measured = "" if event["again"] else f"{event['metric']:.4f}"
            speed = f"{event['examples'] / event['seconds']:,.0f}"
            rows[name] = [name, f"{ended} of {total}", f"{event['loss']:#.4g}", measured, speed]
            titles = ["side", ">epoch", ">loss", f">{event['measured']}", ">examples/s"]
            progress.table = Table(titles, list(rows.values()))
            progress.update(task, description="training", completed=ended, total=total)

        yield on_event
