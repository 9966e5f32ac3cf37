"""Tables that are wider than the terminal: narrower titles, or several tables below each other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.cells import cell_len

from .blocks import Table

GAP = 2  # between columns
_READABLE = 16  # characters to which a column of words may be narrowed


def fitting(block: Table, width: int) -> list[Table]:
    """The table, or tables below each other with some of its groups of columns each.

    The first column is in all of them. In a table without groups titles are broken at spaces, and
    then cells of words wrap; if its numbers alone are too wide, each column is a group.
    """
    if block.spans:
        return _divided(block, width)
    block = _with_narrow_titles(block, width)
    widths = [
        full if title.startswith(">") else min(full, _READABLE)
        for title, full in zip(block.columns, widths_of(block), strict=True)
    ]
    if sum(widths) <= width:
        return [block]
    parts = _divided(replace(block, spans=[("", 1)] * len(block.columns)), width)
    return [replace(part, spans=()) for part in parts]


def filled(parts: Iterable[str], width: int) -> list[str]:
    """Parts joined to lines of so many characters, where no part is longer."""
    lines = [""]
    for part in parts:
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return lines


def widths_of(block: Table) -> list[int]:
    """Of each column, with its gap."""
    titles = [column.removeprefix(">").split("\n") for column in block.columns]
    cells = zip(*block.rows, strict=True) if block.rows else [()] * len(titles)
    columns = zip(titles, cells, strict=True)
    return [max(map(cell_len, (*title, *column))) + GAP + 1 for title, column in columns]


def _with_narrow_titles(block: Table, width: int) -> Table:
    """Titles of several lines, first where most is gained, until the table fits."""
    titles = list(block.columns)
    while sum(widths := widths_of(replace(block, columns=titles))) > width:
        gains: list[tuple[int, int, str]] = []
        for number, title in enumerate(titles):
            cells = max((cell_len(row[number]) for row in block.rows), default=0)
            lines = _lines(title.removeprefix(">"), cells)
            gain = widths[number] - GAP - 1 - max([cells, *map(cell_len, lines)])
            gains.append((gain, number, ">" * title.startswith(">") + "\n".join(lines)))
        most, _, _ = max(gains)
        if most <= 0:
            break
        for gain, number, title in gains:
            titles[number] = title if gain == most else titles[number]
    return replace(block, columns=titles)


def _lines(title: str, room: int) -> list[str]:
    """A title in lines of so many characters, or of its longest word."""
    room = max([room, 1, *map(cell_len, title.split())])
    return textwrap.wrap(title, room, break_long_words=False, break_on_hyphens=False) or [""]


def _divided(block: Table, width: int) -> list[Table]:
    widths = widths_of(block)
    start = 0
    for title, count in block.spans:  # a title stands above the first of its columns
        widths[start] = max(widths[start], cell_len(title) + GAP + 1)
        start += count
    if sum(widths) <= width:
        return [block]
    start = block.spans[0][1]
    first, groups = range(start), list[range]()
    for _, count in block.spans[1:]:
        groups.append(range(start, start + count))
        start += count
    parts: list[list[int]] = []
    for group in groups:
        needed = sum(widths[i] for i in (*first, *(parts[-1] if parts else ()), *group))
        if parts and needed <= width:
            parts[-1] += group
        else:
            parts.append(list(group))
    return [_chosen(block, [*first, *part]) for part in parts]


def _chosen(block: Table, chosen: Sequence[int]) -> Table:
    """The table with these columns only."""
    titles = [title for title, count in block.spans for _ in range(count)]
    spans: list[tuple[str, int]] = []
    for title in (titles[i] for i in chosen):
        same = bool(spans) and bool(title) and spans[-1][0] == title
        spans[-1:] = [(title, spans[-1][1] + 1)] if same else [*spans[-1:], (title, 1)]
    return replace(
        block,
        columns=[block.columns[i] for i in chosen],
        rows=[[row[i] for i in chosen] for row in block.rows],
        spans=spans,
    )
