"""Curves of a chart as lines of block characters, for terminals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .blocks import Block, Chart

_HEIGHTS = "▁▂▃▄▅▆▇█"
_WIDEST = 24  # places; longer curves are thinned out
_DRAWN = ("epoch", "value")  # what the places of curves count that a terminal shows


def has_lines(block: Block) -> bool:
    """Whether a terminal shows a chart: it has curves over the course of a training."""
    return (
        isinstance(block, Chart)
        and block.x in _DRAWN
        and max((len(series.values) for series in block.series), default=0) > 1
    )


def sparklines(chart: Chart) -> list[str]:
    """A line for each curve, with its first and last value and its name.

    Curves with the same values share a line, and all curves share a scale. A value that is not
    finite is a gap.
    """
    groups: dict[str, list[str]] = {}
    finite = [v for series in chart.series for v in series.values if math.isfinite(v)]
    scale: Callable[[float], float] = float
    if chart.log and min(finite, default=0.0) > 0:
        scale = math.log
    low, high = (scale(end(finite, default=1.0)) for end in (min, max))
    width = max(min(len(series.values), _WIDEST) for series in chart.series)
    for series in chart.series:
        line = "".join(_height(v, low, high, scale) for v in _thinned(series.values))
        ends = f"{series.values[0]:.4g} → {series.values[-1]:.4g}"
        groups.setdefault(f"{line:<{width}}  {ends}", []).append(series.name)
    if len(groups) == 1 and len(chart.series) > 2:
        return [f"{line}  all {len(chart.series)} forms" for line in groups]
    longest = max(map(len, groups))
    return [f"{line:<{longest}}  {', '.join(names)}" for line, names in groups.items()]


def _thinned(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _WIDEST:
        return values
    last = len(values) - 1
    return [values[round(place * last / (_WIDEST - 1))] for place in range(_WIDEST)]


def _height(value: float, low: float, high: float, scale: Callable[[float], float]) -> str:
    if not math.isfinite(value):
        return " "
    share = (scale(value) - low) / (high - low) if high > low else 0.0
    return _HEIGHTS[round(share * (len(_HEIGHTS) - 1))]
