"""``tfmigrate inspect``: the contents of a checkpoint, a graph or a SavedModel."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .options import output_options, page_option

if TYPE_CHECKING:
    from ..report import Result, Sink


@contextmanager
def collection_paused() -> Iterator[None]:
    """100,000 variables are millions of objects without cycles; looking for some takes a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def reading_progress(sink: Sink, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of bytes; without one, nothing of it is imported."""
    if not shown:
        yield None
        return
    with sink.progress() as progress:
        task = progress.add_task("reading", total=None, note="")
        yield lambda done, total: progress.update(task, completed=done, total=total)


@click.command(epilog="Example: tfmigrate inspect model.ckpt --stats")
@click.argument("source", type=click.Path())
@click.option(
    "--stats", is_flag=True, help="Read all values: min, mean, max, standard deviation, zeros."
)
@click.option(
    "--filter",
    "pattern",
    metavar="GLOB",
    help="Show only variables whose names match this pattern.",
)
@click.option(
    "--sort",
    type=click.Choice(["name", "size", "role", "shape"]),
    default="name",
    show_default=True,
    help="Order of the variables.",
)
@click.option("--tree", is_flag=True, help="Show variables by scope, with subtotals.")
@click.option("--diff", "other", metavar="OTHER", help="Show how the checkpoint OTHER differs.")
@output_options
@page_option
def command(
    sink: Sink,
    source: str,
    stats: bool,
    pattern: str | None,
    sort: str,
    tree: bool,
    other: str | None,
) -> int:
    """Show the contents of SOURCE: variables and their roles, optimizer, step, signatures,
    warnings.

    SOURCE is a checkpoint (its prefix, any of its files, or its folder), a .meta, a frozen .pb, or
    a SavedModel folder. With --diff the exit status is 1 if the two differ.
    """
    from ..errors import EXIT_DIFFERENCE, EXIT_OK, UserError

    if other is not None and (stats or tree or sort != "name"):
        raise UserError(
            "--stats, --tree and --sort have no effect with --diff", expected="only --filter"
        )
    shown = stats or other is not None
    with collection_paused(), reading_progress(sink, shown) as on_progress:
        result: Result
        if other is not None:
            from ..inspection.difference import diff

            result = diff(source, other, pattern=pattern, on_progress=on_progress)
        else:
            from ..inspection import inspect

            result = inspect(
                source, stats=stats, pattern=pattern, sort=sort, tree=tree, on_progress=on_progress
            )
    with collection_paused():
        sink.show(result)
    return EXIT_DIFFERENCE if other is not None and not result else EXIT_OK
