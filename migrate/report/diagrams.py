"""Boxes and arrows of a diagram in their places: rows downward, long arrows at the side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .blocks import Diagram, Node

# In pixels; a letter of a box is about so wide.
_LETTER, _HEIGHT, _LINE = 7.2, 28, 16
_PADDING, _GAP, _BETWEEN, _LANE = 12, 26, 22, 12


@dataclass(frozen=True)
class Box:
    """A node in its place, in pixels."""

    node: Node
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where arrows come and go."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Drawing:
    """A diagram in its places, in pixels.

    Attributes:
        arrows: paths of SVG.
    """

    width: float
    height: float
    boxes: Sequence[Box]
    arrows: Sequence[str]


def lay_out(diagram: Diagram) -> Drawing:
    """Places each box below all that lead to it; arrows that pass rows go around them."""
    ranks = [0] * len(diagram.nodes)
    for start, end in sorted(diagram.edges):
        ranks[end] = max(ranks[end], ranks[start] + 1)
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for index, rank in enumerate(ranks):
        rows[rank].append(index)
    boxes: dict[int, Box] = {}
    y = 4.0
    widest = max((_width_of(row, diagram) for row in rows), default=0)
    for row in rows:
        before = {
            index: [boxes[start].middle for start, end in diagram.edges if end == index]
            for index in row
        }
        row.sort(key=lambda index: sum(before[index]) / len(before[index]) if before[index] else 0)
        x = 4 + (widest - _width_of(row, diagram)) / 2
        for index in row:
            node = diagram.nodes[index]
            width = _width(node)
            height = _HEIGHT + (_LINE if node.detail else 0)
            boxes[index] = Box(node, x, y, width, height)
            x += width + _BETWEEN
        y += max(boxes[index].height for index in row) + _GAP
    arrows, lanes = [], 0
    for start, end in sorted(diagram.edges):
        one, other = boxes[start], boxes[end]
        top, bottom = one.y + one.height, other.y
        if ranks[end] == ranks[start] + 1:
            half = (top + bottom) / 2
            arrows.append(
                f"M{one.middle:.0f},{top:.0f} C{one.middle:.0f},{half:.0f} "
                f"{other.middle:.0f},{half:.0f} {other.middle:.0f},{bottom - 2:.0f}"
            )
            continue
        side = widest + 8 + _LANE * (1 + lanes % 8)
        lanes += 1
        right, left = one.x + one.width, other.x + other.width
        from_y, to_y = one.y + one.height / 2, other.y + other.height / 2
        arrows.append(
            f"M{right:.0f},{from_y:.0f} H{side - 8:.0f} Q{side:.0f},{from_y:.0f} "
            f"{side:.0f},{from_y + 8:.0f} V{to_y - 8:.0f} Q{side:.0f},{to_y:.0f} "
            f"{side - 8:.0f},{to_y:.0f} H{left + 2:.0f}"
        )
    width = widest + 8 + (_LANE * (1 + min(lanes, 8)) if lanes else 0)
    return Drawing(width, max(y - _GAP + 4, 0), [boxes[index] for index in sorted(boxes)], arrows)


def _width(node: Node) -> float:
    return max(len(node.text), 0.85 * len(node.detail)) * _LETTER + 2 * _PADDING


def _width_of(row: Sequence[int], diagram: Diagram) -> float:
    return sum(_width(diagram.nodes[index]) for index in row) + _BETWEEN * (len(row) - 1)
