"""``tfmigrate lesson``: the code of both sides of a system, next to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import output_options

if TYPE_CHECKING:
    from ..report import Sink


def complete_row(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of systems, and of the other lessons, that begin so."""
    from ..course.catalogue import SYSTEMS
    from ..course.lesson import OTHERS

    return [name for name in (*SYSTEMS, *OTHERS) if name.startswith(incomplete)]


@click.command(
    epilog="""\b
Example: tfmigrate lesson mlp --section loss
         tfmigrate lesson mlp --html mlp.html
         tfmigrate lesson --all --html course"""
)
@click.argument("row", required=False, shell_complete=complete_row)
@click.option("--section", metavar="NAME", help="Only this section of the files.")
@click.option(
    "--all", "every", is_flag=True,
    help="Write a site with --html FOLDER: a page for each system with its code and its run.",
)  # fmt: skip
@click.option("--no-run", is_flag=True, help="With --all: show only the code, run nothing.")
@click.option("--answers", is_flag=True, help="Show the answers of the exercises too.")
@click.option("--no-color", is_flag=True, help="Show no colors, whatever the terminal supports.")
@click.option(
    "--html", type=click.Path(), metavar="FILE|FOLDER",
    help="Also write the lesson as a web page: one file that loads nothing from the network.",
)  # fmt: skip
@output_options
def command(
    sink: Sink,
    row: str | None,
    section: str | None,
    every: bool,
    no_run: bool,
    answers: bool,
    no_color: bool,
    html: str | None,
) -> int:
    """Show the TF1 and TF2 files of ROW side by side, section by section, with notes.

    ROW is a name that tfmigrate list shows; rosetta is a table of TF1 symbols, their replacements,
    and the pitfall of each; backends shows one Keras source for three engines. Narrow terminals
    show one file above the other.
    """
    sink.color = not no_color
    if every:
        if row is not None or section is not None:
            raise click.UsageError("--all takes neither a ROW nor --section")
        if answers:
            raise click.UsageError("--answers has no effect on pages: there an answer opens")
        if html is None:
            raise click.UsageError("--all needs --html FOLDER, where the pages go")
        return _write_all(sink, html, run=not no_run)
    if row is None:
        raise click.UsageError("Missing argument 'ROW', or --all with --html FOLDER")
    if no_run:
        raise click.UsageError("--no-run has no effect without --all")
    from ..course.lesson import lesson
    from ..errors import EXIT_OK

    if html is not None:
        sink.write_page(html)
    sink.show(lesson(row, section, answers=answers))
    return EXIT_OK


def _write_all(sink: Sink, folder: str, *, run: bool) -> int:
    from ..course.catalogue import SYSTEMS
    from ..course.site import check_site, write_site

    check_site(folder)
    with sink.progress() as progress:
        task = progress.add_task("starting TensorFlow", total=len(SYSTEMS), note="")

        def on_event(name: str) -> None:
            done = list(SYSTEMS).index(name)
            progress.update(
                task, description=name, completed=done, note=f"{done} of {len(SYSTEMS)}"
            )

        site = write_site(folder, run=run, on_event=on_event)
    sink.show(site)
    return site.exit_status()
