"""``tfmigrate list``: the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


@click.command(epilog="Example: tfmigrate list")
@output_options
def command(sink: Sink) -> None:
    """List the systems for compare, run and lesson, by chapter."""
    from ..course.listing import Listing

    sink.show(Listing())
