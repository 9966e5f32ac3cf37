"""``tfmigrate run``: one side of a system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .compare import complete_system, training_options
from .options import output_options
from .progress import epochs

if TYPE_CHECKING:
    from ..report import Sink


@click.command(epilog="Example: tfmigrate run legacy mlp -o mlp-legacy")
@click.argument("side", type=click.Choice(["legacy", "modern"]))
@click.argument("system", shell_complete=complete_system)
@click.option(
    "--form",
    type=click.Choice(["tape", "keras", "functional", "tuned", "fused", "xla"]),
    default="keras",
    show_default=True,
    help="Form of the modern side.",
)
@click.option("--case", metavar="NAME", help="Variant of the system.  [the first]")
@click.option("-o", "--output", help="Folder for checkpoint and logs.  [SYSTEM-FORM]")
@click.option(
    "--device", default="cpu", show_default=True, metavar="cpu|gpu", help="Device to train on."
)
@click.option(
    "--strategy", type=click.Choice(["mirrored"]),
    help="Train the modern side by Keras fit on two devices, parts of the CPU, with this strategy "
    "of tf.distribute.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace the folder of an earlier run.")
@training_options
@output_options
def command(sink: Sink, side: str, system: str, form: str, **options: Any) -> None:
    """Train one SIDE of SYSTEM and keep its checkpoint and TensorBoard logs.

    legacy writes a TF1 Saver checkpoint (model.ckpt), modern a .keras file, or with --form tape an
    object-based checkpoint.
    """
    from ..course.running import run

    with epochs(sink) as on_event:
        result = run(
            system,
            "session" if side == "legacy" else form,
            on_event=on_event,
            on_log=sink.detail,
            **options,
        )
    sink.show(result)
