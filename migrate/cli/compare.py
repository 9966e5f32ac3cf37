"""``tfmigrate compare``: the sides of a system, next to each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .options import backend_options, output_options, page_option, python_option
from .progress import epochs

if TYPE_CHECKING:
    from ..report import Sink


def complete_system(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of systems that begin so."""
    from ..course.catalogue import SYSTEMS

    return [name for name in SYSTEMS if name.startswith(incomplete)]


def _settings(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` … → a dictionary; the values are checked where the system is known."""
    found: dict[str, str] = {}
    for text in value:
        name, equals, number = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name or not number.strip():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as epochs=3")
        if name in found:
            raise click.BadParameter(f"{name} is set twice")
        found[name] = number.strip()
    return found


def _complete_setting(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What can be set of the system that was named before."""
    from ..course.catalogue import SYSTEMS
    from ..course.settable import settables

    # Where the option still lacks its value, click leaves the arguments unparsed.
    named = [SYSTEMS[word] for word in (ctx.params["system"], *ctx.args) if word in SYSTEMS]
    known = [each for system in named[:1] for each in settables(system).values()]
    return [
        CompletionItem(f"{each.name}=", help=each.told)
        for each in known
        if each.name.startswith(incomplete)
    ]


def training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of data and hyperparameters; the defaults are the system's own (tfmigrate
    list)."""
    for option in (
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Seed of the initial weights."
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_settings,
            shell_complete=_complete_setting,
            help="A hyperparameter of both sides, such as num_hidden=64; tfmigrate lesson SYSTEM "
            "lists them with their defaults. May be repeated.",
        ),
        click.option("--learning-rate", type=float, help="Learning rate of the optimizer."),
        click.option("--batch-size", type=int, help="Examples per step."),
        click.option("--epochs", type=int, help="Passes over the training data."),
        click.option(
            "--data", metavar="NAME|PATH", help="A dataset by name, or a file or folder with one."
        ),
    ):
        function = option(function)
    return function


@click.command(
    epilog="""\b
Example: tfmigrate compare mlp --data mnist --epochs 3
         tfmigrate compare mlp --set num_hidden=64 --set learning_rate=0.01
         tfmigrate compare mlp --backend jax --backend torch --html mlp.html"""
)
@click.argument("system", shell_complete=complete_system)
@click.option("--case", multiple=True, metavar="NAME", help="Variant of the system.  [all]")
@training_options
@click.option(
    "--device",
    multiple=True,
    metavar="cpu|gpu|all",
    help=(
        "Device of both sides: cpu, gpu, cpu:1, … or all. May be repeated, to compare "
        "devices.  [cpu]"
    ),
)
@click.option(
    "--logdir",
    type=click.Path(file_okay=False),
    help="Folder that keeps the logs and saved models of both sides.",
)
@click.option(
    "--strategy", "strategies", multiple=True,
    type=click.Choice(["mirrored", "multi-worker", "parameter-server"]),
    help="Repeat the Keras fit on two devices, by this strategy of tf.distribute, and compare it "
    "with one: two parts of the CPU (mirrored), or two processes. parameter-server cannot be "
    "compared. May be repeated.",
)  # fmt: skip
@backend_options
@python_option
@output_options
@page_option
def command(sink: Sink, system: str, device: tuple[str, ...], **options: Any) -> int:
    """Run SYSTEM's TF1 and TF2 twins, and show where they agree.

    A network is trained as a TF1 session, a TF2 tape and a Keras fit. All start from the same
    weights, read from a TF1 checkpoint, and train on the same batches in the same order. Other
    systems return values, which are compared one by one. With --backend, the source of the Keras
    fit also runs on that backend of Keras. Exit status 0 only if parity holds.
    """
    from ..course.comparison import compare
    from ..errors import EXIT_DIFFERENCE, EXIT_OK

    with epochs(sink) as on_event:
        result = compare(
            system, device=device or "cpu", on_event=on_event, on_log=sink.detail, **options
        )
    sink.show(result)
    return EXIT_OK if result else EXIT_DIFFERENCE
