"""What moves in a terminal while a command works: a line of progress, and a table above it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from ..errors import printable
from .blocks import Table, harmless
from .fitting import GAP, widths_of
from .terminal import rich_table

_OTHER_LINES = 5  # beside the rows of a table: its title, a rule, the line of progress, the prompt


def may_move(console: Console) -> bool:
    """Whether something may move there: on a real terminal, unless the environment asks for calm.

    ``NO_COLOR``, ``TERM=dumb`` and ``CI`` do.
    """
    calm = bool(os.environ.get("NO_COLOR")) or os.environ.get("CI", "false") not in ("", "false")
    tty = console.file.isatty()  # Rich's is_terminal is true in a pipe with FORCE_COLOR
    return tty and console.is_terminal and not console.is_dumb_terminal and not calm


class _Words(TextColumn):
    def render(self, task: Task) -> Text:
        return Text(printable(self.text_format.format(task=task), None))


class Live(Progress):
    """A line for each task, and above them ``table``, if it is set; nothing remains of them.

    Args:
        console: of stderr.
        disable: shows nothing.
    """

    def __init__(self, console: Console, *, disable: bool):
        self.table: Table | None = None
        columns = (
            SpinnerColumn(),
            _Words("{task.description}"),
            BarColumn(),
            _Words("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        super().__init__(*columns, console=console, transient=True, disable=disable)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The last rows of the table that fit on the screen, and the lines of the tasks."""
        if self.table is not None:
            room = max(self.console.height - _OTHER_LINES, 1)
            table = harmless(replace(self.table, rows=self.table.rows[-room:]))
            assert isinstance(table, Table)
            drawn = rich_table(table)
            # A row of two lines could make the whole higher than the screen, where Rich leaves
            # lines behind.
            drawn.columns[0].no_wrap, drawn.columns[0].overflow = True, "ellipsis"
            drawn.columns[0].max_width = max(
                self.console.width - sum(widths_of(table)[1:]) - GAP, 1
            )
            yield drawn
        yield from super().get_renderables()
