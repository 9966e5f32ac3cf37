"""Blocks → an HTML fragment, for notebooks and pages; it loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ..parity import Verdict
from .blocks import (
    Block,
    Closing,
    Columns,
    Excerpt,
    Heading,
    Notes,
    Paragraph,
    Source,
    Table,
    Warnings,
    harmless,
)

_COLORS = {
    Verdict.PASS: "#1a7f37",
    Verdict.FAIL: "#cf222e",
    Verdict.NOT_PROVED: "#9a6700",
    Verdict.NOT_RUN: "#9a6700",
}
_CELL = "padding:2px 10px 2px 0;vertical-align:top"


def render(blocks: Iterable[Block]) -> str:
    """The blocks as one ``<div>``; all text is escaped."""
    return f'<div class="tfmigrate">{"".join(map(_render, map(harmless, blocks)))}</div>'


def _render(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<p><b>{escape(text)}</b></p>"
        case Paragraph(text, dim):
            return f'<p style="opacity:{0.6 if dim else 1}">{escape(text)}</p>'
        case Notes(lines):
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            return f"<p>Notes</p><ul>{items}</ul>" if lines else ""
        case Warnings(lines):
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            return f"<p>Warnings</p><ul>{items}</ul>" if lines else ""
        case Source(text, _):
            return f"<pre>{escape(text)}</pre>"
        case Columns(columns):
            cells = "".join(
                f'<td style="{_CELL}">{"".join(map(_excerpt, column))}</td>' for column in columns
            )
            return f"<table><tr>{cells}</tr></table>"
        case Closing(verdict, text):
            color = _COLORS[verdict]
            return f'<p><b style="color:{color}">{verdict.upper()}</b> {escape(text)}</p>'
        case Table():
            return _table(block)


def _excerpt(excerpt: Excerpt) -> str:
    lines = []
    for index, line in enumerate(excerpt.text.splitlines()):
        code = escape(line)
        code = f"<mark>{code}</mark>" if index in excerpt.marked else code
        lines.append(f'<span style="opacity:0.5">{excerpt.first + index:>3}</span>  {code}')
    text = "\n".join(lines)
    return f'<p>{escape(excerpt.title)}</p><pre style="text-align:left">{text}</pre>'


def _table(block: Table) -> str:
    align = ["right" if c.startswith(">") else "left" for c in block.columns]
    parts = ['<table style="border-collapse:collapse">']
    if block.title:
        parts.append(f'<caption style="text-align:left"><b>{escape(block.title)}</b></caption>')
    if block.spans:
        cells = "".join(
            f'<th colspan="{width}" style="{_CELL};text-align:left">{escape(title)}</th>'
            for title, width in block.spans
        )
        parts.append(f"<tr>{cells}</tr>")
    cells = "".join(
        f'<th style="{_CELL};text-align:{a}">{escape(c.removeprefix(">"))}</th>'
        for c, a in zip(block.columns, align, strict=True)
    )
    if any(block.columns):
        parts.append(f"<tr>{cells}</tr>")
    for number, row in enumerate(block.rows):
        color = f' style="color:{_COLORS[Verdict.FAIL]}"' if number in block.marked else ""
        cells = "".join(
            f'<td style="{_CELL};text-align:{a}">{escape(cell)}</td>'
            for cell, a in zip(row, align, strict=True)
        )
        parts.append(f"<tr{color}>{cells}</tr>")
    parts.append("</table>")
    return "".join(parts)
