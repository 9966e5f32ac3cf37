"""``tfmigrate export``: a converted model as files of other runtimes, with the proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import export_option, finite, output_options, page_option, python_option
from .progress import stages

if TYPE_CHECKING:
    from ..report import Sink

_EXAMPLES = """\b
Example: tfmigrate export model-keras --to onnx
         tfmigrate export model-keras --to litert --to openvino -o files
         tfmigrate export model-keras --to torch --python torch=~/torch/bin/python
"""


@click.command(epilog=_EXAMPLES)
@click.argument("model", type=click.Path())
@export_option("--to", required=True)
@click.option(
    "-o", "--output", "folder", type=click.Path(file_okay=False, exists=True), metavar="FOLDER",
    help="Folder for the files.  [the folder of the model]",
)  # fmt: skip
@click.option(
    "--source", type=click.Path(), metavar="SOURCE",
    help="The TensorFlow 1 source that was converted, if it is not where report.json says.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(), help="An .npz file with an array for each input.  [random]"
)
@click.option("--force", is_flag=True, help="Replace files of an earlier export.")
@click.option(
    "--timeout", type=click.FloatRange(min=1), callback=finite, default=300, show_default=True,
    metavar="SECONDS", help="End a process after so many seconds without a response.",
)  # fmt: skip
@python_option
@output_options
@page_option
def command(sink: Sink, model: str, source: str | None, **options: Any) -> int:
    """Export a converted MODEL to other runtimes, and compare each file with the original.

    MODEL is a folder that convert-ckpt wrote, its model.keras or its model.py. The original runs on
    the same inputs. Exit status 1 if a file differs, 2 if a file could not be written.
    """
    from .. import verify
    from ..errors import UserError
    from ..report.reading import read_report

    if source is None:
        folder = Path(model) if Path(model).is_dir() else Path(model).parent
        report = read_report(folder)
        if not report:
            raise UserError(
                f"there is no report.json beside {model}, so the original is not known",
                expected="a folder that convert-ckpt wrote",
                try_="--source with the TensorFlow 1 source of the model",
            )
        source = report["source"]["path"]
    with stages(sink) as on_event:
        result = verify(source, model, backends={}, on_event=on_event, **options)
    sink.show(result)
    missing = [each for each in result.exports if each.outputs is None]
    status = result.exit_status()
    if missing and not status:
        reasons = "; ".join(f"{each.kind}: {each.reason}" for each in missing)
        raise UserError(f"not every file was written. {reasons}")
    return status
