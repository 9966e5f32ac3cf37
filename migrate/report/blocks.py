"""What a result is shown as: a list of blocks for the terminal and for HTML.

Every text in a block is data, never markup and no command to a terminal: :func:`harmless` is what
is rendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from ..errors import printable
from ..parity import Verdict


@dataclass(frozen=True)
class Heading:
    """A title line: what this is about, or (``part``) what a part of it is about."""

    text: str
    part: bool = False


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
    """Program text, shown as it is; ``title`` says what it is."""

    text: str
    language: str = "python"
    title: str = ""


@dataclass(frozen=True)
class Details:
    """Text that shows when a reader asks for it; in a terminal only where it is ``open``.

    Attributes:
        elsewhere: what a terminal shows instead; nothing if it is empty.
    """

    title: str
    text: str
    open: bool = False
    elsewhere: str = ""


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
class Link:
    """A link to another page of a site.

    Attributes:
        href: relative to this page; of our own making.
        detail: what stands there, in a few words.
        words: more that a search finds it by; not shown.
    """

    text: str
    href: str
    detail: str = ""
    words: str = ""


@dataclass(frozen=True)
class Links:
    """Links under a title; a page with such lists has a search for them."""

    title: str
    links: Sequence[Link]


@dataclass(frozen=True)
class Series:
    """What a chart draws under one name: a number for each place, NaN where there is none."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Chart:
    """Curves over numbered places, or bars; a terminal shows those of a training in short.

    Attributes:
        title: what is shown.
        x, y: what the axes count; with bars, ``y`` names the length of a bar.
        series: the curves; for bars, one series.
        labels: of the bars; empty for curves.
        apart: how far the curves are apart at each place, drawn below them on a log scale.
        log: whether ``y`` is on a log scale, where the values span a decade.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    labels: Sequence[str] = ()
    apart: Sequence[float] = ()
    log: bool = False


@dataclass(frozen=True)
class Node:
    """A box of a diagram: what it is, and a smaller line below, such as a shape."""

    text: str
    detail: str = ""


@dataclass(frozen=True)
class Diagram:
    """Boxes joined by arrows from above to below; for pages, not for terminals.

    Attributes:
        nodes: in an order in which every arrow leads to a later one.
        edges: pairs of indices, from and to.
    """

    title: str
    nodes: Sequence[Node]
    edges: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Closing:
    """The last line: the verdict and the figures that matter."""

    verdict: Verdict
    text: str


Block = (
    Heading
    | Paragraph
    | Notes
    | Warnings
    | Table
    | Source
    | Details
    | Columns
    | Links
    | Chart
    | Diagram
    | Closing
)


def harmless(block: Block) -> Block:
    """The block with everything escaped that is not printable, so that no name steers a terminal.

    Escape sequences, line breaks and invisible marks would forge what is shown. Program text keeps
    its lines.
    """
    return _harmless(block)


def _harmless(value: Any, *, program: bool = False) -> Any:
    match value:
        case str() if value.isprintable():  # nearly all, and every verdict
            return value
        case str():
            lines = value.split("\n") if program else [value]
            return "\n".join(printable(line, None) for line in lines)
        case list() | tuple():
            return [_harmless(item) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    program = isinstance(value, Source | Excerpt)
    parts = {f.name: getattr(value, f.name) for f in fields(value)}
    return replace(
        value, **{n: _harmless(part, program=program and n == "text") for n, part in parts.items()}
    )
