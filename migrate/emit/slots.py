"""Slots and loop headers of an outline as expressions of the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..outline.body import Argument
from ..outline.columns import Text, Turn, Use
from ..outline.turns import Turning
from .operators import binds, operation
from .render import ATOM, Apply, Name, literal, render
from .writer import BODY


def header(
    turning: Turning, outer: Sequence[Any], counter: str, heads: Sequence[str], indent: str
) -> str:
    """``i in range(3)``, ``filters, strides in [(64, 1), (128, 2)]``, or both by ``enumerate``."""
    levels, row = len(indent) // len(BODY), ", ".join(heads)
    if turning.table is None:
        first, last = turning.first or 0, outer[turning.last]
        stop = _plus_one(last) if first else last
        counted = Apply(Name("range"), [first, stop] if first else [stop])
        return f"{counter if turning.counted else '_'} in {render(counted, levels)}"
    table = outer[turning.table]
    table = list(table) if isinstance(table, tuple) else table
    if turning.counted:
        row = f"{counter}, ({row})" if len(heads) > 1 else f"{counter}, {row}"
        start = {"start": turning.first} if turning.first else {}
        table = Apply(Name("enumerate"), [table], start)
    return f"{row} in {render(table, levels, before=len(row) + 8, after=1)}"


def _plus_one(last: Any) -> Any:
    return last + 1 if isinstance(last, int) else operation("+", last, 1)


def expression(written: Any, arguments: Sequence[Any], turn: Sequence[Any]) -> Any:
    """An expression of an outline as one of the source.

    Args:
        arguments: what stands for the parameters of the body, or for the slots around a loop.
        turn: names of the loop's number and of the columns of its table.
    """
    if isinstance(written, (list, tuple)):  # rows of a table
        return type(written)(expression(part, arguments, turn) for part in written)
    if isinstance(written, Argument):
        return Name(str(written), binds("*") if written.times != 1 else ATOM)
    if isinstance(written, Turn):
        return turn[0 if written.column is None else written.column + 1]
    if isinstance(written, Text):
        return _text([expression(part, arguments, turn) for part in written.parts])
    if not isinstance(written, Use):
        return written
    given = arguments[written.parameter]
    if written.part is not None:
        given = (
            Name(f"{given.text}[{written.part}]")
            if isinstance(given, Name)
            else given[written.part]
        )
    if written.plus:
        plus = written.plus
        return operation("+", given, plus) if isinstance(given, Name) else given + plus
    if written.times == 1:
        return given
    return (
        operation("*", written.times, given) if isinstance(given, Name) else written.times * given
    )


def _text(parts: Sequence[Any]) -> Any:
    inside = "".join(_inside(part) for part in parts)
    if "{" not in inside:
        return inside
    whole = re.fullmatch(r"\{(\w+)\}", inside)
    return Name(whole[1]) if whole else Name(f'f"{inside}"')


def _inside(part: Any) -> str:
    """A part of a formatted string."""
    if isinstance(part, Name):
        return part.text[2:-1] if part.text.startswith('f"') else "{" + part.text + "}"
    return (
        literal(part)[1:-1].replace("{", "{{").replace("}", "}}")
        if isinstance(part, str)
        else str(part)
    )
