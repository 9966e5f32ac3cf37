"""Blocks → HTML: a fragment for notebooks, or a page that loads nothing from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..errors import printable
from .blocks import Block, Closing, Heading, Link, Links, harmless
from .charts import draw_chart
from .code import highlighted, indent_of
from .diagrams import lay_out


def fragment(blocks: Iterable[Block]) -> str:
    """The blocks as one ``<div>`` with its style; all text is escaped."""
    return _environment().get_template("fragment.html").render(blocks=list(map(harmless, blocks)))


def page(
    blocks: Sequence[Block],
    appendix: Sequence[Block],
    made: Sequence[str],
    around: Sequence[Link] = (),
) -> str:
    """The blocks as one HTML document, the verdict first; all text is escaped.

    Args:
        blocks: the first is a heading: the title of the page.
        appendix: what stands below the blocks.
        made: lines for the foot of the page: by what and when it was made; the command comes last.
        around: links to the pages before and after it, and above it.
    """
    title, *rest = map(harmless, [*blocks, *appendix])
    assert isinstance(title, Heading)
    shown = [block for block in rest if not isinstance(block, Closing)]
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title.text,
            closings=[block for block in rest if isinstance(block, Closing)],
            blocks=list(zip(shown, _anchors(shown), strict=True)),
            made=[printable(line, None) for line in made],
            around=around,
            searched=any(isinstance(block, Links) for block in shown),
        )
    )


def _anchors(blocks: Sequence[Block]) -> list[str]:
    """What a link to each heading is called; "" for all else."""
    anchors: list[str] = []
    for block in blocks:
        name = ""
        if isinstance(block, Heading):
            name = "-".join(re.findall(r"[a-z0-9]+", block.text.lower())) or "part"
            name += f"-{len(anchors)}" if name in anchors else ""
        anchors.append(name)
    return anchors


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tfmigrate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers: dict[str, Any] = {
        "zip": zip,
        "kind": lambda block: type(block).__name__,
        "draw_chart": draw_chart,
        "highlighted": highlighted,
        "indent_of": indent_of,
        "lay_out": lay_out,
    }
    environment.globals.update(helpers)
    return environment
