"""``tfmigrate convert-ckpt``: a TensorFlow 1 source becomes a Keras model, with the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import (
    REFERENCE,
    backend_options,
    device_options,
    export_option,
    feeds,
    finite,
    names,
    output_options,
    page_option,
    python_option,
)
from .progress import counted, stages

if TYPE_CHECKING:
    from ..report import Sink

_GROUPS = {
    "Output": ("output", "to", "keras", "style", "training", "dry_run", "force"),
    "Several sources": ("jobs", "scheduler"),
    "Proof": (
        "train_check",
        "reference",
        "backend",
        "device",
        "precisions",
        "export",
        "python",
        "allow_unproved",
    ),
    "Parts of the graph": ("inputs", "outputs", "feed", "trust", "timeout"),
    "Weights and their target model": ("ema", "model", "map", "write_map", "like"),
}  # fmt: skip
_EXAMPLES = """\b
Example: tfmigrate convert-ckpt model.ckpt -o model-keras
         tfmigrate convert-ckpt model.ckpt --outputs logits:0 --feed keep_prob=0.8
         tfmigrate convert-ckpt model.ckpt --reference ~/tf1/bin/python
         tfmigrate convert-ckpt model.ckpt --backend jax --backend torch
         tfmigrate convert-ckpt model.ckpt --export onnx --export litert
         tfmigrate convert-ckpt model.ckpt --to torch
         tfmigrate convert-ckpt model.ckpt --to safetensors --to npz
         tfmigrate convert-ckpt model.ckpt --model mine.py:build --write-map map.toml
         tfmigrate convert-ckpt model.ckpt --model mine.py:build --map map.toml
         tfmigrate convert-ckpt model-keras/model.keras --to tf1
         tfmigrate convert-ckpt 'runs/*/model.ckpt-*.index' -o models --jobs 4
         tfmigrate convert-ckpt 'runs/*/model.ckpt-*.index' -o models --scheduler tcp://host:8786
"""
_TO = (
    "keras; torch (keras, and its weights for PyTorch's load_state_dict, as safetensors); "
    "saved_model (the unchanged graph); or the variables under their TF1 names: npz, "
    "safetensors, weights (.weights.h5; together with keras: for that model), tf2 or tf1 "
    "(checkpoints). May be repeated.  [keras]"
)


class _Grouped(click.Command):
    """A command whose help lists its options under titles."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (p for p in self.get_params(ctx) if isinstance(p, click.Option))
        records = {option.name: option.get_help_record(ctx) for option in options}
        for title, members in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([r for name in members if (r := records.pop(name))])
        with formatter.section("Messages"):
            formatter.write_dl([record for record in records.values() if record])


def _formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from ..conversion.request import KNOWN_FORMATS

    return [name for name in KNOWN_FORMATS if name.startswith(incomplete)]


@click.command(cls=_Grouped, epilog=_EXAMPLES)
@click.argument("sources", metavar="SOURCE...", type=click.Path(), nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(), metavar="FOLDER",
    help="Output folder.  [NAME-keras; from Keras back to TF1: NAME-tf1]",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N",
    help="Conversions at once; fewer if the free memory is not enough.  [one for each processor "
    "core, at most 8]",
)  # fmt: skip
@click.option(
    "--scheduler", metavar="ADDRESS",
    help="Let the workers of this Dask scheduler convert, such as tcp://host:8786. All paths must "
    "be the same for them: a shared file system. Needs tfmigrate[fleet] on each machine.",
)  # fmt: skip
@click.option("--to", multiple=True, metavar="FORMAT", shell_complete=_formats, help=_TO)
@click.option(
    "--keras", type=click.Choice(["keras", "tf-keras"]), default="keras", show_default=True,
    help="Keras version of the model; tf-keras is Keras 2.",
)  # fmt: skip
@click.option(
    "--style", type=click.Choice(["blocks", "flat"]), default="blocks", show_default=True,
    help="Source with a function for each kind of block, and loops; or one list of calls.",
)  # fmt: skip
@click.option(
    "--no-training", "training", is_flag=True, flag_value=False, default=True,
    help="Leave out the loss, the optimizer and its state.",
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
@click.option(
    "--inputs", callback=names, metavar="A,B",
    help="Tensors that become the inputs of the model; with A:[?,28,28,1], a shape that the graph "
    "leaves open.",
)  # fmt: skip
@click.option(
    "--outputs", callback=names, metavar="A,B", help="Tensors that become the outputs of the model."
)
@click.option(
    "--feed", multiple=True, callback=feeds, metavar="NAME=VALUE",
    help="Replace a placeholder with a constant. For dropout and the learning rate: the value in "
    "training. May be repeated.",
)  # fmt: skip
@click.option(
    "--trust", is_flag=True, help="Run the graph even if it accesses files or the network."
)
@click.option(
    "--timeout", type=click.FloatRange(min=1), callback=finite, default=300, show_default=True,
    metavar="SECONDS",
    help="End a TensorFlow process after so many seconds without a response.",
)  # fmt: skip
@click.option(
    "--ema", type=click.Choice(["raw", "prefer"]), default="raw", show_default=True,
    help="Use moving averages (ExponentialMovingAverage) instead of the weights, or ignore them.",
)  # fmt: skip
@click.option(
    "--model", metavar="FILE.py:FUNCTION|SYSTEM",
    help="Load the weights into the model that your function returns, or into the model of "
        "a system of tfmigrate list. mlp: a chain of dense layers with any names and sizes.",
)  # fmt: skip
@click.option(
    "--map", type=click.Path(), metavar="FILE",
    help=(
        "Map from checkpoint names to variables of your model (TOML); without --model, new "
        "names for the variables."
    ),
)  # fmt: skip
@click.option(
    "--write-map", type=click.Path(), metavar="FILE",
    help="Write a proposed map for --model, for you to edit, and nothing else.",
)  # fmt: skip
@click.option(
    "--like", type=click.Path(), metavar="SOURCE",
    help="Back to TF1: the TensorFlow 1 source that was converted, if it is not where report.json "
    "says.",
)  # fmt: skip
@backend_options
@device_options
@export_option("--export")
@python_option
@output_options
@page_option
def command(
    sink: Sink,
    sources: tuple[str, ...],
    output: str | None,
    write_map: str | None,
    allow_unproved: bool,
    jobs: int | None,
    scheduler: str | None,
    **options: Any,
) -> int:
    """Convert each SOURCE to a Keras model with its weights, and check that both compute the same.

    SOURCE is a checkpoint (prefix, any of its files, or folder), a .meta, a frozen .pb, a
    SavedModel folder; or, to convert back to TF1, a .keras or .weights.h5 file. The output folder
    contains model.keras, model.py and report.json. Exit status 0 if both compute the same, 1 if
    they differ, 3 if the model could not be proved.

    Several sources, a quoted pattern such as 'runs/*/model.ckpt-*.index', --jobs or --scheduler:
    the output folder contains a folder for each source and a report.json for all. All files of a
    checkpoint are one source. Its folder is named after its path below the folder that all sources
    share, with - for /; a number is appended to a name that is in use. A source that cannot be
    converted does not stop the others. The same command again converts only the sources that are
    missing. The exit status is the worst of all: 101, 2, 1, 3, 0.
    """
    from .. import convert
    from ..fleet.sources import is_pattern

    several = (
        len(sources) > 1 or jobs is not None or scheduler is not None or is_pattern(sources[0])
    )
    if write_map is not None:
        if several:
            raise click.UsageError("--write-map needs exactly one SOURCE")
        return _write_map(sink, sources[0], output, write_map, options)
    if several:
        options |= {"jobs": jobs, "scheduler": scheduler}
        return _convert_many(sink, sources, output, options, allow_unproved)
    source = sources[0]
    with stages(sink) as on_event:
        result = convert(source, output, on_event=on_event, **options)
    sink.show(result)
    return result.exit_status(allow_unproved=allow_unproved)


def _convert_many(
    sink: Sink,
    sources: tuple[str, ...],
    output: str | None,
    options: dict[str, Any],
    allow_unproved: bool,
) -> int:
    from .. import convert_many

    with counted(sink) as on_event:
        result = convert_many(sources, output, on_event=on_event, **options)
    sink.show(result)
    return result.exit_status(allow_unproved=allow_unproved)


def _write_map(
    sink: Sink, source: str, output: str | None, path: str, options: dict[str, Any]
) -> int:
    from .. import propose_map
    from ..errors import EXIT_OK, UserError

    used = ("model", "keras", "force", "timeout")
    others = {
        "output": output,
        "backend": options["backends"],
        "precision": options["precisions"],
        "export": options["exports"],
        **options,
        "device": options["device"] != "cpu",
    }
    flags = (
        "output",
        "to",
        "inputs",
        "outputs",
        "feed",
        "map",
        "like",
        "dry_run",
        "trust",
        "reference",
        "backend",
        "device",
        "precision",
        "export",
    )
    idle = [f"--{name.replace('_', '-')}" for name in flags if others[name]]
    if idle:
        raise UserError(
            f"--write-map writes only a map, so {' and '.join(idle)} would have no effect",
            try_=f"without {'it' if len(idle) == 1 else 'them'}",
        )
    sink.show(propose_map(source, path=path, **{name: options[name] for name in used}))
    return EXIT_OK
