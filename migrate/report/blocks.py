"""What a result is shown as: a list of blocks that terminal and HTML render alike.

Every text in a block is data, never markup: names from checkpoints pass through unharmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..parity import Verdict


@dataclass(frozen=True)
class Heading:
    """A title line: what this is about."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``dim`` for what may be skipped."""

    text: str
    dim: bool = False


@dataclass(frozen=True)
class Notes:
    """What was done, or decided, one line each."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Warnings:
    """What may be wrong, one line each."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows under column titles.

    Attributes:
        columns: titles; a leading ``>`` aligns the column to the right.
        rows: texts, as many a row as there are columns.
        title: a line above, or empty.
        spans: groups of columns under a common title, as (title, number of columns), or empty.
        marked: indices of rows that stand out (a difference beyond tolerance).
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    spans: Sequence[tuple[str, int]] = ()
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Source:
    """Program text, shown as it is."""

    text: str
    language: str = "python"


@dataclass(frozen=True)
class Excerpt:
    """A part of a program, with the lines that matter.

    Attributes:
        title: where it is from.
        text: its lines.
        first: the number of the first of them in the file.
        marked: indices of lines that stand out.
    """

    title: str
    text: str
    first: int
    marked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Columns:
    """Excerpts side by side, or one above the other where there is no room; a column has any."""

    columns: Sequence[Sequence[Excerpt]]


@dataclass(frozen=True)
class Closing:
    """The last line: the verdict and the figures that matter."""

    verdict: Verdict
    text: str


Block = Heading | Paragraph | Notes | Warnings | Table | Source | Columns | Closing
