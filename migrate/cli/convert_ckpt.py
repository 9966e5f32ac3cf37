"""``tfmigrate convert-ckpt``: a TensorFlow 1 source becomes a Keras model, with the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .options import REFERENCE, feeds, names, output_options

if TYPE_CHECKING:
    from ..report import Sink

_GROUPS = {
    "What is made": ("output", "to", "keras", "training", "dry_run", "force"),
    "What is proved": ("train_check", "reference", "allow_unproved"),
    "What of the graph": ("inputs", "outputs", "feed", "trust", "timeout"),
    "Which weights, and where to": ("ema", "model", "map", "write_map"),
}
_EXAMPLES = """\b
Example: tfmigrate convert-ckpt model.ckpt -o model-keras
         tfmigrate convert-ckpt model.ckpt --outputs logits:0 --feed keep_prob=1.0
         tfmigrate convert-ckpt model.ckpt --reference ~/tf1/bin/python
         tfmigrate convert-ckpt model.ckpt --to safetensors --to npz
         tfmigrate convert-ckpt model.ckpt --model mine.py:build --write-map map.toml
         tfmigrate convert-ckpt model.ckpt --model mine.py:build --map map.toml
         tfmigrate convert-ckpt model-keras/model.keras --to tf1
"""
_TO = (
    "keras, saved_model (the graph as it is), or the variables under their names of TF1: npz, "
    "safetensors, weights (.weights.h5; beside keras, for that model), tf2, tf1 (checkpoints). "
    "May be repeated.  [keras]"
)


class _Grouped(click.Command):
    """A command whose help lists its options under titles."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (p for p in self.get_params(ctx) if isinstance(p, click.Option))
        records = {option.name: option.get_help_record(ctx) for option in options}
        for title, members in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([r for name in members if (r := records.pop(name))])
        with formatter.section("What is shown"):
            formatter.write_dl([record for record in records.values() if record])


def _formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from ..conversion.request import KNOWN_FORMATS

    return [name for name in KNOWN_FORMATS if name.startswith(incomplete)]


@contextmanager
def _stages(sink: Sink) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar that shows the stage and its bytes; gives the function that takes the events."""
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


@click.command(cls=_Grouped, epilog=_EXAMPLES)
@click.argument("source", type=click.Path())
@click.option(
    "-o", "--output", type=click.Path(), metavar="FOLDER",
    help="Where to.  [NAME-keras; from Keras back to TF1: NAME-tf1]",
)  # fmt: skip
@click.option("--to", multiple=True, metavar="FORMAT", shell_complete=_formats, help=_TO)
@click.option(
    "--keras", type=click.Choice(["keras", "tf-keras"]), default="keras", show_default=True,
    help="Which Keras the model is for; tf-keras is Keras 2.",
)  # fmt: skip
@click.option(
    "--no-training", "training", is_flag=True, flag_value=False, default=True,
    help="Leave out loss, optimizer and its state.",
)  # fmt: skip
@click.option(
    "--no-train-check", "train_check", is_flag=True, flag_value=False, default=True,
    help="Do not run steps of training on both sides to prove that they agree.",
)  # fmt: skip
@click.option("--reference", type=click.Path(), metavar="PYTHON", help=REFERENCE)
@click.option(
    "--allow-unproved", is_flag=True, help="Exit with 0 where nothing could prove the model."
)
@click.option("--dry-run", is_flag=True, help="Show the whole plan and write nothing.")
@click.option("--force", is_flag=True, help="Replace the output of an earlier conversion.")
@click.option("--inputs", callback=names, metavar="A,B", help="Tensors that become its inputs.")
@click.option("--outputs", callback=names, metavar="A,B", help="Tensors that become its outputs.")
@click.option(
    "--feed", multiple=True, callback=feeds, metavar="NAME=VALUE",
    help="Fix a placeholder for good. May be repeated.",
)  # fmt: skip
@click.option("--trust", is_flag=True, help="Run the graph even if it touches files or network.")
@click.option(
    "--timeout", type=click.FloatRange(min=1), default=300, show_default=True, metavar="SECONDS",
    help="How long TensorFlow may give no sign of life.",
)  # fmt: skip
@click.option(
    "--ema", type=click.Choice(["raw", "prefer"]), default="raw", show_default=True,
    help="Whether moving averages (ExponentialMovingAverage) stand in for their weights.",
)  # fmt: skip
@click.option(
    "--model", metavar="FILE.py:FUNCTION|SYSTEM",
    help="Load into the model that your function gives, or that a system of tfmigrate list builds; "
    "mlp: a chain of dense layers, of any names and sizes.",
)  # fmt: skip
@click.option(
    "--map", type=click.Path(), metavar="FILE",
    help="What goes where in your model (TOML); without --model, new names for the variables.",
)  # fmt: skip
@click.option(
    "--write-map", type=click.Path(), metavar="FILE",
    help="Propose a map for --model, to be edited, and write nothing else.",
)  # fmt: skip
@output_options
def command(
    sink: Sink,
    source: str,
    output: str | None,
    write_map: str | None,
    allow_unproved: bool,
    **options: Any,
) -> int:
    """Turn SOURCE into a Keras model with its weights, and measure that both compute the same.

    SOURCE is a checkpoint (prefix, any of its files, or folder), a .meta, a frozen .pb, a
    SavedModel folder; or, for the way back, a .keras or .weights.h5 file. The folder that is
    written holds model.keras, model.py and report.json. Exit
    status 0 where both compute the same, 1 where they differ, 3 where nothing could prove it.
    """
    from .. import convert

    if write_map is not None:
        return _write_map(sink, source, output, write_map, options)
    with _stages(sink) as on_event:
        result = convert(source, output, on_event=on_event, **options)
    sink.show(result)
    return result.exit_status(allow_unproved=allow_unproved)


def _write_map(
    sink: Sink, source: str, output: str | None, path: str, options: dict[str, Any]
) -> int:
    from ..errors import EXIT_OK, UserError
    from ..mapping.proposed import propose_map

    used = ("model", "keras", "force", "timeout")
    others = {"output": output, **options}
    flags = ("output", "to", "inputs", "outputs", "feed", "map", "dry_run", "trust", "reference")
    idle = [f"--{name.replace('_', '-')}" for name in flags if others[name]]
    if idle:
        raise UserError(
            f"--write-map writes a map alone, so {' and '.join(idle)} would have no effect",
            try_=f"without {'it' if len(idle) == 1 else 'them'}",
        )
    sink.show(propose_map(source, path=path, **{name: options[name] for name in used}))
    return EXIT_OK
