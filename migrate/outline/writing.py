"""What stands in each slot of an outline's source: literals, parameters, turns of a loop."""

from __future__ import annotations

from typing import Any

from .body import BlockCall, Body, Loop, Outline, Step
from .columns import Column, derive
from .folding import columns_of


def write(outline: Outline) -> None:
    """Sets parameters of blocks, and what is passed for them; blocks that are called come first."""
    for block in outline.blocks:
        block.parameters = _write(block.body)
    _write(outline.main)


def _write(body: Body) -> list[Any]:
    columns: list[Column] = []
    for item in body.items:
        columns += columns_of(item)
    if body.width == 1 and not columns:
        return []
    parameters, written = derive(columns, arguments=body.width == 1)
    waiting = iter(written)
    for item in body.items:
        if isinstance(item, (Step, BlockCall)):
            count = len(item.labels if isinstance(item, Step) else item.block.parameters)
            item.written = [next(waiting) for _ in range(count)]
        elif isinstance(item, Loop):
            item.turning.written = [next(waiting) for _ in item.turning.outer]
    return parameters
