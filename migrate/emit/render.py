"""Python source from small expression trees, laid out as ``ruff format`` would.

An expression stands on one line where it fits into 88 columns, else with one argument a line and
a comma after the last: that layout is stable whatever line length a project has set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import printable

WIDTH = 88
_INDENT = "    "


ATOM = 10


@dataclass(frozen=True)
class Name:
    """Source text: an identifier, a dotted name, ``x + y`` of such.

    Attributes:
        binds: how tightly its outermost operator binds; an ATOM has none.
    """

    text: str
    binds: int = ATOM


@dataclass(frozen=True)
class Apply:
    """A call: ``function(arguments, keyword=…)``; the function may itself be a call."""

    function: Name | Apply
    arguments: Sequence[Any] = ()
    keywords: dict[str, Any] = field(default_factory=dict)


def literal(value: Any) -> str:
    """One literal on one line; strings in double quotes and in ASCII, whatever they hold.

    float32 numbers are written with the fewest digits that give the same float32.

    Raises:
        TypeError: there is no literal for such a value.
    """
    if isinstance(value, np.generic):
        value = float(str(value)) if isinstance(value, np.floating) else value.item()
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return f'float("{value}")'
    if isinstance(value, str):
        text = ascii(value)
        # Single quotes are Python's choice where both would do; formatters prefer double ones.
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    raise TypeError(f"no literal for {type(value).__name__}")


def render(item: Any, indent: int = 0, *, before: int = 0, after: int = 0) -> str:
    """Source of an expression; lines after the first are indented by ``indent`` levels.

    Args:
        item: :class:`Name`, :class:`Apply`, a list, tuple or dict of such, an array, or a literal.
        before, after: columns that are taken on the first and on the last line.
    """
    flat = _flat(item)
    if len(flat) + indent * len(_INDENT) + before + after <= WIDTH:
        return flat
    return _exploded(item, indent, before)


def _flat(item: Any) -> str:
    if isinstance(item, Name):
        return item.text
    if isinstance(item, Apply):
        parts = [_flat(a) for a in item.arguments]
        parts += [f"{key}={_flat(value)}" for key, value in item.keywords.items()]
        return f"{_flat(item.function)}({', '.join(parts)})"
    if isinstance(item, np.ndarray):
        return _flat(_listed(item))
    if isinstance(item, list):
        return f"[{', '.join(map(_flat, item))}]"
    if isinstance(item, tuple):
        return f"({', '.join(map(_flat, item))}{',' if len(item) == 1 else ''})"
    if isinstance(item, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in item.items()) + "}"
    return literal(item)


def _exploded(item: Any, indent: int, before: int) -> str:
    if isinstance(item, Apply):
        if isinstance(item.function, Apply):  # layer(…)(x): the first parentheses are opened
            inner = _exploded(item.function, indent, before)
            call = _flat(Apply(Name(""), item.arguments, item.keywords))
            last = len(inner.rsplit("\n", 1)[-1])
            if "\n" in inner and last + len(call) <= WIDTH:
                return inner + call
            return inner + _bracketed("(", _arguments(item), ")", indent)
        if not item.arguments and not item.keywords:
            return _flat(item)
        return _flat(item.function) + _bracketed("(", _arguments(item), ")", indent)
    if isinstance(item, np.ndarray):
        item = _listed(item)
    if isinstance(item, (list, tuple)) and item:
        brackets = "[]" if isinstance(item, list) else "()"
        return _bracketed(brackets[0], [("", part) for part in item], brackets[1], indent)
    if isinstance(item, dict) and item:
        pairs = [(f"{_flat(key)}: ", value) for key, value in item.items()]
        return _bracketed("{", pairs, "}", indent)
    return _flat(item)


def _arguments(item: Apply) -> list[tuple[str, Any]]:
    named = [(f"{key}=", value) for key, value in item.keywords.items()]
    return [("", a) for a in item.arguments] + named


def _bracketed(left: str, parts: list[tuple[str, Any]], right: str, indent: int) -> str:
    inside = _INDENT * (indent + 1)
    lines = [
        f"{inside}{head}{render(part, indent + 1, before=len(head), after=1)},\n"
        for head, part in parts
    ]
    return f"{left}\n{''.join(lines)}{_INDENT * indent}{right}"


def _listed(array: np.ndarray) -> Any:
    if array.ndim == 0:
        return array[()]
    return [_listed(part) for part in array]


def prose(text: str, limit: int = 200) -> str:
    """Data from a file made safe for a docstring or a comment."""
    safe = printable(text, limit).encode("ascii", "backslashreplace").decode()
    return safe.replace("\\", "/").replace('"', "'")
