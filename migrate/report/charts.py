"""Charts as SVG, drawn by Matplotlib; their lines and texts take the color of the page."""

from __future__ import annotations

import io
import math
import re
from typing import Any

from markupsafe import Markup

from .blocks import Chart

# Okabe and Ito's colors for people of every color vision, without black and yellow.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_INK = "#010203"  # stands for the color of the page's text
_WIDTH, _HEIGHT, _BELOW, _BAR = 5.6, 2.8, 1.1, 0.34  # in inches
_DECADE = 10  # a log scale of less would have no numbers on it
_LONGEST = 48  # letters of a name
_MOST_MARKED = 40  # places of a curve that are drawn as points too
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tfmigrate",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.parse_math": False,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.alpha": 0.25,
    "grid.color": _INK,
    "axes.formatter.useoffset": False,
}


def draw_chart(chart: Chart) -> Markup:
    """The chart as an ``<svg>`` element, about 540 pixels wide."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        height = _BAR * len(chart.labels) + 0.8 if chart.labels else _HEIGHT
        ratios = [height, _BELOW] if chart.apart else [height]
        figure = Figure((_WIDTH, sum(ratios)), layout="constrained")
        axes = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=ratios, sharex=True)
        if chart.labels:
            _draw_bars(axes[0][0], chart)
        else:
            _draw_curves(axes[0][0], chart)
        if chart.apart:
            _draw_apart(axes[1][0], chart)
        axes[-1][0].set_xlabel(chart.y if chart.labels else chart.x)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _embedded(text.getvalue())


def _draw_curves(axes: Any, chart: Chart) -> None:
    count = len(chart.series)
    places = range(1, 1 + max(len(series.values) for series in chart.series))
    for number, series in enumerate(chart.series):
        axes.plot(
            places[: len(series.values)],
            [value if math.isfinite(value) else math.nan for value in series.values],
            label=_short(series.name),
            color=_COLORS[number % len(_COLORS)],
            linewidth=1.6 + 2 * (count - 1 - number),  # curves that coincide all stay visible
            marker="o" if len(places) <= _MOST_MARKED else None,
            markersize=3 + 2 * (count - 1 - number),
        )
    positive = [v for series in chart.series for v in series.values if 0 < v < math.inf]
    if chart.log and positive and max(positive) > _DECADE * min(positive):
        _on_log_scale(axes)
    axes.set_ylabel(_short(chart.y))
    axes.grid(visible=True)
    axes.legend(frameon=False)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _draw_apart(axes: Any, chart: Chart) -> None:
    """The largest difference below; zero has no place on a log scale."""
    positive = [value if value > 0 else math.nan for value in chart.apart]
    if all(math.isnan(value) for value in positive):
        axes.text(0.5, 0.5, "no difference", ha="center", va="center", transform=axes.transAxes)
        axes.set_yticks([])
    else:
        axes.plot(range(1, 1 + len(positive)), positive, color=_COLORS[1], marker=".")
        _on_log_scale(axes)
        axes.grid(visible=True)
    axes.set_ylabel("difference")


def _on_log_scale(axes: Any) -> None:
    """Numbers as they are read, where Matplotlib would write powers as formulas."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")


def _draw_bars(axes: Any, chart: Chart) -> None:
    (series,) = chart.series
    places = range(len(chart.labels))
    bars = axes.barh(places, series.values, color=_COLORS[0], height=0.6)
    axes.bar_label(bars, [_number(value) for value in series.values], padding=3)
    axes.set_yticks(places, [_short(label) for label in chart.labels])
    axes.invert_yaxis()
    axes.margins(x=0.12)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _short(text: str) -> str:
    """Text of a length that leaves room for the chart."""
    return text if len(text) <= _LONGEST else "…" + text[1 - _LONGEST :]


def _embedded(svg: str) -> Markup:
    """The element alone, as wide as its place, in the color of the page; no ids without a use."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    used = {*re.findall(r'(?:url\(|href=")#([^)"]+)', svg)}
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[^"]*pt"', "", svg, count=2)
    return Markup(svg.replace("<svg", '<svg aria-hidden="true"', 1))
