"""``tfmigrate doctor``: versions, devices, Keras mode and float settings for a bug report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


@click.command(epilog="Example: tfmigrate doctor --json")
@output_options
def command(sink: Sink) -> None:
    """Show versions, devices, the Keras mode and float settings."""
    from .diagnosis import diagnose

    sink.show(diagnose(on_log=sink.detail))
