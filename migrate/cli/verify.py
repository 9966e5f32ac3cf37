"""``tfmigrate verify``: an original and its model on the same inputs, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import (
    REFERENCE,
    backend_options,
    device_options,
    feeds,
    finite,
    names,
    output_options,
    page_option,
    python_option,
)
from .progress import stages

if TYPE_CHECKING:
    from ..report import Sink

_EXAMPLES = """\b
Example: tfmigrate verify model.ckpt model-keras
         tfmigrate verify model.ckpt model-keras --train 3 --reference ~/tf1/bin/python
         tfmigrate verify model.ckpt model-keras --train 3 --backend all
"""


def _tolerance(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        atol, _, rtol = value.partition(",")
        found = float(atol), float(rtol or 0)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not ATOL or ATOL,RTOL") from None
    if not all(0 <= number < float("inf") for number in found):
        raise click.BadParameter(f"{value!r} is negative or infinite")
    return found


@click.command(epilog=_EXAMPLES)
@click.argument("source", type=click.Path())
@click.argument("model", type=click.Path())
@click.option(
    "--data",
    type=click.Path(),
    help="An .npz file with an array for each input, and with --train for each label.  [random]",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True,
    help="Seed of the random inputs.",
)  # fmt: skip
@click.option(
    "--examples",
    type=click.IntRange(1),
    help="Number of random inputs.  [as in the conversion, or up to 64]",
)
@click.option(
    "--train",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Also compare N training steps: losses, gradients, weights, slots.",
)
@click.option(
    "--tolerance", callback=_tolerance, metavar="ATOL[,RTOL]",
    help="Allowed difference of a tensor: ATOL, plus RTOL relative to its largest value.  [0,2e-5]",
)  # fmt: skip
@click.option(
    "--inputs", callback=names, metavar="A,B", help="Tensors that are the inputs of the original."
)
@click.option(
    "--outputs", callback=names, metavar="A,B", help="Tensors that are the outputs of the original."
)
@click.option(
    "--feed",
    multiple=True,
    callback=feeds,
    metavar="NAME=VALUE",
    help="Replace a placeholder with a constant. May be repeated.",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Run the graph and the SavedModel even if they access files or the network.",
)
@click.option("--reference", type=click.Path(), metavar="PYTHON", help=REFERENCE)
@click.option(
    "--allow-unproved", is_flag=True, help="Exit with 0 if the outputs agree but prove nothing."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    callback=finite,
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="End a process after so many seconds without a response.",
)
@backend_options
@device_options
@python_option
@output_options
@page_option
def command(sink: Sink, source: str, model: str, allow_unproved: bool, **options: Any) -> int:
    """Run SOURCE and MODEL on the same inputs, name the first tensor that differs, and find the
    cause.

    SOURCE is a source of convert-ckpt, with its graph. MODEL is a .keras file, a folder that
    convert-ckpt wrote, its model.py, or a SavedModel. Exit status 1 if a difference is beyond the
    tolerance, 3 if the outputs agree but prove nothing: they are constant, or NaN.
    """
    from .. import verify

    with stages(sink) as on_event:
        result = verify(source, model, on_event=on_event, **options)
    sink.show(result)
    return result.exit_status(allow_unproved=allow_unproved)
