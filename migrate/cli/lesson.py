"""``tfmigrate lesson``: the code of both sides of a system, next to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import output_options, page_option

if TYPE_CHECKING:
    from ..report import Sink


def complete_row(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of systems, and of the table, that begin so."""
    from ..course.catalogue import SYSTEMS

    return [name for name in (*SYSTEMS, "rosetta") if name.startswith(incomplete)]


@click.command(epilog="Example: tfmigrate lesson mlp --section loss")
@click.argument("row", shell_complete=complete_row)
@click.option("--section", metavar="NAME", help="Only this section of the files.")
@click.option("--no-color", is_flag=True, help="Show no colors, whatever the terminal supports.")
@output_options
@page_option
def command(sink: Sink, row: str, section: str | None, no_color: bool) -> None:
    """Show the TF1 and TF2 files of ROW side by side, section by section, with notes.

    ROW is a name that tfmigrate list shows; rosetta is a table of TF1 symbols, their replacements,
    and the pitfall of each. Narrow terminals show one file above the other.
    """
    from ..course.lesson import lesson

    sink.color = not no_color
    sink.show(lesson(row, section))
