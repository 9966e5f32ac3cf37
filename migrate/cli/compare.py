"""``tfmigrate compare``: the sides of a system, next to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


def complete_system(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of systems that begin so."""
    from ..course.catalogue import SYSTEMS

    return [name for name in SYSTEMS if name.startswith(incomplete)]


def training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds data and hyper-parameters; what is not given is the system's own."""
    for option in (
        click.option("--seed", type=int, default=0, show_default=True, help="Of the weights."),
        click.option("--learning-rate", type=float, help="Of the optimizer.  [mlp: 0.001]"),
        click.option("--batch-size", type=int, help="Examples a step.  [mlp: 128]"),
        click.option("--epochs", type=int, help="Passes over the training data.  [mlp: 20]"),
        click.option(
            "--data", metavar="NAME|PATH", help="digits, mnist, or an .npz file.  [mlp: digits]"
        ),
    ):
        function = option(function)
    return function


@contextmanager
def epoch_progress(sink: Sink) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar for each form on each device; gives the function that takes their events."""
    with sink.progress() as progress:
        tasks: dict[tuple[str, str], Any] = {}
        starting = progress.add_task("starting TensorFlow", total=None, note="")

        def on_event(event: dict[str, Any]) -> None:
            progress.update(starting, visible=False)
            key = event["device"], event["form"]
            if key not in tasks:
                tasks[key] = progress.add_task(" ".join(key), total=event["epochs"], note="")
            note = f"loss {event['loss']:.4g}, accuracy {event['accuracy']:.4f}"
            progress.update(tasks[key], completed=event["epoch"], note=note)

        yield on_event


@click.command(epilog="Example: tfmigrate compare mlp --data mnist --epochs 3")
@click.argument("system", shell_complete=complete_system)
@training_options
@click.option(
    "--device",
    multiple=True,
    metavar="cpu|gpu|all",
    help="Where both sides run; repeat it, or say all, to see devices side by side.  [cpu]",
)
@click.option(
    "--logdir", type=click.Path(file_okay=False), help="Write TensorBoard logs of each side here."
)
@output_options
def command(sink: Sink, system: str, device: tuple[str, ...], **options: Any) -> int:
    """Train SYSTEM as a TF1 session, a TF2 tape and a Keras fit, and show where they agree.

    All start from the same weights, which travel as a TF1 checkpoint, and see the same batches in
    the same order. Exit status 0 only if parity holds.
    """
    from ..course.comparison import compare
    from ..errors import EXIT_DIFFERENCE, EXIT_OK

    with epoch_progress(sink) as on_event:
        result = compare(
            system, device=device or "cpu", on_event=on_event, on_log=sink.detail, **options
        )
    sink.show(result)
    return EXIT_OK if result else EXIT_DIFFERENCE
