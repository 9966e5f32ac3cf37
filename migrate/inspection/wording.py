"""Formats figures and names: sizes, shapes, lists of names, hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence

from .. import errors
from ..errors import printable

_UNITS = ("KiB", "MiB", "GiB", "TiB")
_NAMED = 3  # names a sentence spells out before it counts the rest


def byte_size(count: int) -> str:
    """``2457600`` → ``"2.34 MiB"``."""
    if count < 1024:
        return f"{count:,} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 1000 or unit == _UNITS[-1]:
            break
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def shape_text(shape: Sequence[int | None] | None) -> str:
    """``(None, 784)`` → ``"[?, 784]"``; ``"unknown"`` for an unknown rank."""
    if shape is None:
        return "unknown"
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def counted(count: int, noun: str) -> str:
    """``1, "variable"`` → ``"1 variable"``; ``2`` → ``"2 variables"``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def shown(name: str, limit: int = 60) -> str:
    """A name, safe to print; of an object-based key what tells it from others."""
    return printable(name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE"), limit)


def listed(names: Sequence[str]) -> str:
    """The first names, safe to print, and how many more there are."""
    return errors.listed([shown(name) for name in names], _NAMED)


def number(value: float) -> str:
    """A figure to six digits; whole numbers in full, with thousands separated."""
    if isinstance(value, int) or (abs(value) < 1e15 and value == int(value)):
        return f"{int(value):,}"
    return f"{value:.6g}"
