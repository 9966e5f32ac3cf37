"""Excerpts of programs in the terminal: side by side, numbered, highlighted, with marked lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from .blocks import Columns, Excerpt

# A column narrower than this would break most lines of a program.
_NARROWEST = 58

_GAP = 3

# Where a line of a program may be broken.
_STOP = re.compile(r"[(\[{](?![)\]}])| ")

# Code without quotes, or with closed ones, up to the text of a comment.
_COMMENT = re.compile(r"""((?:[^"'#]|"[^"]*"|'[^']*')*)# ?""")

# The colors of the terminal's own palette: legible on a dark ground and on a light one.
_THEME = "ansi_dark"


def print_columns(block: Columns, console: Console) -> None:
    """Prints the columns next to each other, or one above the other where that is too narrow."""
    count = len(block.columns)
    share = (console.width - _GAP * (count - 1)) // count
    if share < _NARROWEST:
        for number, column in enumerate(block.columns):
            if number:
                console.print()
            for line in _column(column, console, console.width):
                console.print(line)
        return
    columns = [list(_column(column, console, share)) for column in block.columns]
    widths = [max((line.cell_len for line in column), default=0) for column in columns]
    if console.is_terminal:
        widths = [share] * count  # so that all the columns of a page begin at one place
    for lines in zip_longest(*columns, fillvalue=Text()):
        row = Text()
        for line, width in zip(lines[:-1], widths, strict=False):
            row.append_text(line).append(" " * (width - line.cell_len + _GAP))
        row.append_text(lines[-1])
        row.rstrip()
        console.print(row, soft_wrap=True)


def _column(column: Sequence[Excerpt], console: Console, width: int) -> Iterator[Text]:
    for number, excerpt in enumerate(column):
        if number:
            yield Text()
        yield Text(excerpt.title, style="bold")
        yield from _numbered(excerpt, console, width)


def _numbered(excerpt: Excerpt, console: Console, width: int) -> Iterator[Text]:
    """Each line behind its number and, if it matters, a bar; what is too long goes on below."""
    code = Text(excerpt.text)
    if console.is_terminal and not console.no_color:
        code = Syntax("", "python", theme=_THEME, background_color="default").highlight(
            excerpt.text
        )
    code.rstrip()
    for index, line in enumerate(code.split("\n", allow_blank=True)):
        bar = ("▌", "bold yellow") if index in excerpt.marked else " "
        for piece, part in enumerate(_broken(line, width - 6)):
            number = f"{excerpt.first + index:>3} " if not piece else " " * 4
            yield Text.assemble((number, "dim"), bar, " ", part)


def _broken(line: Text, width: int) -> Iterator[Text]:
    """A line in pieces of that width at most, which still look like Python.

    Those after the first are indented further, and begin with # inside a comment.
    """
    indent = len(line.plain) - len(line.plain.lstrip()) + 4
    comment = _COMMENT.match(line.plain)
    left = comment.end() if comment else len(line.plain)  # letters before the comment's text
    if comment and not comment[1].strip():
        indent -= 4
    head, first = "", indent
    while line.cell_len + len(head) > width:
        room = width - len(head)
        stops = [stop.end() for stop in _STOP.finditer(line.plain, first, room)]
        end = stops[-1] if stops else room
        if end == left and (before := line.plain.rindex("#", 0, left)) > first:
            end = before  # the mark of a comment goes with its text
        piece, line = line[:end], line[end:]
        piece.rstrip()
        yield Text(head).append_text(piece)
        left -= end
        head = " " * min(indent, width // 2) + ("# " if left <= 0 else "")
        first = 0  # what follows begins with a word
    yield Text(head).append_text(line)
