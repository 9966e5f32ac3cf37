"""Blocks → the terminal, through Rich."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.table import Table as RichTable
from rich.text import Text

from ..parity import Verdict
from .blocks import (
    Block,
    Chart,
    Closing,
    Columns,
    Details,
    Diagram,
    Heading,
    Links,
    Notes,
    Paragraph,
    Source,
    Table,
    Warnings,
    harmless,
)
from .fitting import GAP, filled, fitting
from .sparklines import has_lines, sparklines

_STYLES = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.NOT_PROVED: "bold yellow",
    Verdict.NOT_RUN: "bold yellow",
}

# A pipe or a file has no width; rows must not be cut to the 80 columns Rich assumes there.
_PIPE_WIDTH = 10_000

# Rich takes a second for every thousand rows or so; longer tables are laid out here.
_LONG = 1_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the command line, which ends quietly; Rich would exit with status 1."""
        raise BrokenPipeError


def make_console(*, stderr: bool = False, color: bool = True) -> Console:
    """A console for stdout or stderr: no markup, no emoji, no guessed highlighting.

    Args:
        stderr: for that, not for stdout.
        color: False for none at all; else as the surroundings have it (NO_COLOR).
    """
    console = _Console(
        stderr=stderr,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        no_color=None if color else True,
    )
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def render(blocks: Iterable[Block], console: Console) -> None:
    """Prints blocks, an empty line around tables and before the verdict."""
    airy = False
    printed = [harmless(block) for block in blocks if _in_terminals(block)]
    for number, block in enumerate(printed):
        airy, before = isinstance(block, (Table, Source, Columns, Details, Chart)), airy
        if number and (airy or before or isinstance(block, Closing)):
            console.print()
        _render(block, console)


def _in_terminals(block: Block) -> bool:
    if isinstance(block, Details):
        return block.open or bool(block.elsewhere)
    return not isinstance(block, (Chart, Diagram)) or has_lines(block)


def _render(block: Block, console: Console) -> None:
    match block:
        case Heading(text, part):
            console.print(Text(f"─── {text}" if part else text, style="bold"))
        case Paragraph(text, dim):
            console.print(Text(text, style="dim" if dim else ""))
        case Notes(lines):
            for line in lines:
                console.print(Text.assemble(("note ", "dim"), line))
        case Warnings(lines):
            for line in lines:
                console.print(Text.assemble(("warning ", "yellow"), line))
        case Table() if len(block.rows) > _LONG:
            _print_long(block, console)
        case Table():
            for number, table in enumerate(fitting(block, console.width)):
                if number:
                    console.print()
                console.print(rich_table(table))
        case Source(text, language):
            from rich.syntax import Syntax  # which imports Pygments: few results show source

            syntax = Syntax(text, language, background_color="default", word_wrap=True)
            console.print(syntax if console.is_terminal else Text(text))
        case Chart(title):
            console.print(Text(title, style="bold"))
            for line in sparklines(block):
                console.print(Text(f"  {line}"))
        case Details(open=False, elsewhere=text):
            console.print(Text(text, style="dim"))
        case Details(title, text):
            console.print(Text.assemble((f"{title}: ", "bold"), text))
        case Columns():
            from .columns import print_columns  # which imports Pygments too

            print_columns(block, console)
        case Links(title, links):
            console.print(Text(title, style="bold"))
            for link in links:
                console.print(Text(f"  {link.text}  {link.detail}".rstrip()))
        case Closing(verdict, text):
            indent = " " * (len(verdict) + 2)
            first, *more = _phrases(text, console, len(indent))
            console.print(
                Text.assemble((verdict.upper(), _STYLES[verdict]), "  ", first), soft_wrap=True
            )
            for line in more:
                console.print(Text(indent + line), soft_wrap=True)


def _phrases(text: str, console: Console, indent: int) -> list[str]:
    """In a terminal, lines that end between phrases: commands and paths in them can be copied."""
    if not console.is_terminal:
        return [text]
    phrases = re.split("(?<= · )", text)
    room = console.width - indent + len(" · ")
    return [line.removesuffix(" · ") for line in filled(phrases, room)]


class _Cell(Text):
    """Text whose long words break as paths and names do: after a slash, else after ``_``."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Its lines."""
        broken = re.sub(r"\S+[/_]\S+", lambda found: _broken(found[0], width), self.plain)
        return Text(broken).wrap(console, width, **options)


def _broken(word: str, width: int) -> str:
    """A word in as few lines as there can be."""
    parts = list[str]()
    for part in re.findall("[^/]+/?|/", word):
        parts += [part] if cell_len(part) <= width else re.findall("[^_]+_?|_", part)
    return "\n".join(filled(parts, width))


def rich_table(block: Table) -> RichTable:
    """The table as Rich lays it out."""
    table = RichTable(
        box=box.SIMPLE_HEAD if any(block.columns) else None,
        show_header=any(block.columns),
        pad_edge=False,
        padding=(0, GAP, 0, 0),
        title=Text(block.title, style="bold") if block.title else None,
        title_justify="left",
        show_edge=False,
    )
    spans = list(block.spans)
    groups = [""] * len(block.columns)
    position = 0
    for title, width in spans:
        groups[position] = title
        position += width
    for column, group in zip(block.columns, groups, strict=True):
        right = column.startswith(">")
        header = Text(column.removeprefix(">"))
        if spans:
            header = Text(f"{group}\n").append(header)
        table.add_column(
            header,
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right,
        )
    for number, row in enumerate(block.rows):
        table.add_row(*map(_Cell, row), style="red" if number in block.marked else None)
    return table


def _print_long(block: Table, console: Console) -> None:
    """A table of very many rows, as Rich would lay it out but for wrapping and column groups."""
    titles = [column.removeprefix(">") for column in block.columns]
    rights = [column.startswith(">") for column in block.columns]
    widths = [max(map(cell_len, cells)) for cells in zip(titles, *block.rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, right in zip(cells, widths, rights, strict=True):
            space = " " * (width - cell_len(cell))
            padded.append(space + cell if right else cell + space)
        return "   ".join(padded)

    if block.title:
        console.print(Text(block.title, style="bold"), soft_wrap=True)
    console.print(Text(line(titles), style="bold"), soft_wrap=True)
    console.print("─" * (sum(widths) + 3 * len(widths) - 3), soft_wrap=True)
    for number, row in enumerate(block.rows):
        if number in block.marked:
            console.print(Text(line(row), style="red"), soft_wrap=True)
        else:
            console.file.write(line(row) + "\n")
