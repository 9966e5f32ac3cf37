"""Program text as highlighted HTML, line by line."""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name


def highlighted(text: str, language: str = "python") -> list[Markup]:
    """The lines of a program as HTML, escaped; the classes are Pygments' short ones."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    made = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return [Markup(line) for line in made.removesuffix("\n").split("\n")]


def indent_of(text: str) -> list[int]:
    """The spaces that each line of a program begins with."""
    return [len(line) - len(line.lstrip(" ")) for line in text.split("\n")]
