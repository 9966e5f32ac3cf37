"""``tfmigrate convert-ckpt``: a TensorFlow 1 source becomes a Keras model, with the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    return [name.strip() for name in value.split(",") if name.strip()] if value else None


def _feeds(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    import ast

    feeds = {}
    for text in value:
        name, equals, number = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE")
        words = {"true": True, "false": False}
        try:
            feeds[name] = words.get(number.strip().lower())
            if feeds[name] is None:
                feeds[name] = ast.literal_eval(number.strip())
        except (SyntaxError, ValueError):
            raise click.BadParameter(f"{number!r} is no number, True, False or list") from None
    return feeds


_TO = "keras, weights, tf2, tf1, safetensors, npz; may be repeated.  [keras]"


@click.command(epilog="Example: tfmigrate convert-ckpt model.ckpt -o model-keras")
@click.argument("source", type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Folder to write.  [NAME-keras]")
@click.option("--inputs", callback=_names, metavar="A,B", help="Tensors that become its inputs.")
@click.option("--outputs", callback=_names, metavar="A,B", help="Tensors that become its outputs.")
@click.option(
    "--feed", multiple=True, callback=_feeds, metavar="NAME=VALUE", help="Fix a placeholder."
)
@click.option("--to", multiple=True, metavar="FORMAT", help=_TO)
@click.option("--model", metavar="SYSTEM", help="What it is where no graph says: mlp.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@click.option("--force", is_flag=True, help="Replace the output of an earlier conversion.")
@click.option("--trust", is_flag=True, help="Run the graph even if it touches files or network.")
@output_options
def command(sink: Sink, source: str, output: str | None, **options: Any) -> int:
    """Turn SOURCE into a Keras model with its weights, and measure that both compute the same.

    SOURCE is a checkpoint (prefix, any of its files, or folder), a .meta, a frozen .pb, or a
    SavedModel folder. Exit status 0 only if parity holds.
    """
    from ..conversion import convert
    from ..errors import EXIT_DIFFERENCE, EXIT_OK
    from ..parity import Verdict

    with sink.progress() as progress:
        task = progress.add_task("reading", total=None, note="")

        def on_event(event: dict[str, Any]) -> None:
            progress.update(task, description=event["stage"])

        result = convert(source, output, on_event=on_event, **options)
    sink.show(result)
    return EXIT_DIFFERENCE if result.verdict is Verdict.FAIL else EXIT_OK
