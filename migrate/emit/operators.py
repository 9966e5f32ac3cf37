"""Operators in source: brackets stand where they are needed, and nowhere else."""

from __future__ import annotations

from typing import Any

from .render import ATOM, Name, render

# How tightly operators bind, as in "Operator precedence" of the Python language reference.
_BINDS = {
    "<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1,
    "|": 2, "^": 3, "&": 4, "<<": 5, ">>": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "@": 7, "**": 9,
}  # fmt: skip
_COMPARES, _SIGN = 1, 8


def binds(operator: str) -> int:
    """How tightly an operator binds; what is no operator is an atom."""
    return _BINDS.get(operator, ATOM)


def operation(operator: str, left: Any, right: Any, before: int = 0) -> Name:
    """An operator between two expressions.

    Args:
        before: columns that are taken on the first line.
    """
    own = binds(operator)
    # a - b - c is (a - b) - c, but a ** b ** c is a ** (b ** c), and comparisons chain.
    from_right = operator == "**"
    first = _bracketed(left, own + (from_right or own == _COMPARES))
    text = f"{render(first)} {operator} "
    second = _bracketed(right, own + (not from_right))
    return Name(text + render(second, 1, before=before + len(text)), own)


def subscript(of: Any, index: Any) -> Name:
    """``of[index]``."""
    return Name(f"{render(_bracketed(of, ATOM))}[{render(index)}]")


def _bracketed(expression: Any, least: int) -> Any:
    """An expression, in brackets where it binds less tightly than ``least``."""
    own = expression.binds if isinstance(expression, Name) else ATOM
    if isinstance(expression, (int, float)) and str(expression).startswith("-"):
        own = _SIGN
    return Name(f"({render(expression)})") if own < least else expression
