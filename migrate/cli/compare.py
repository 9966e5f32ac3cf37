"""``tfmigrate compare``: the sides of a system, next to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


def complete_system(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of systems that begin so."""
    from ..course.catalogue import SYSTEMS

    return [name for name in SYSTEMS if name.startswith(incomplete)]


@click.command(epilog="Example: tfmigrate compare mlp --data mnist --epochs 3")
@click.argument("system", shell_complete=complete_system)
@click.option("--data", metavar="NAME|PATH", help="digits (default), mnist, or an .npz file.")
@click.option("--epochs", type=int, help="Passes over the training data.  [mlp: 20]")
@click.option("--batch-size", type=int, help="Examples a step.  [mlp: 128]")
@click.option("--learning-rate", type=float, help="Of the optimizer.  [mlp: 0.001]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the initial weights.")
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
    from ..course import compare
    from ..errors import EXIT_DIFFERENCE, EXIT_OK

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

        result = compare(
            system, device=device or "cpu", on_event=on_event, on_log=sink.detail, **options
        )
    sink.show(result)
    return EXIT_OK if result else EXIT_DIFFERENCE
