"""The tables and charts a training comparison is shown as."""

from __future__ import annotations

import statistics

from ..report import Chart, Series, Table
from .outcome import DeviceOutcome

# More epochs than this are thinned out in the table; --json has them all.
_MAX_ROWS = 20
_FEW_ROWS = 4


def settings(outcome: DeviceOutcome) -> str:
    """Device, versions and float settings in force."""
    found = outcome.sides[0].settings
    on = {True: "on", False: "off"}
    return (
        f"{outcome.device} · TensorFlow {found['tensorflow']}, Keras {found['keras']} · "
        f"oneDNN {on[found['onednn']]}, TF32 {on[found['tf32']]}, deterministic ops "
        f"{on[found['deterministic']]}, {found['threads']} threads"
    )


def epochs(outcome: DeviceOutcome, *, few: bool = False) -> Table:
    """Loss and metric of each form, epoch by epoch; ``few`` shows the first and the last ones."""
    columns, spans = [">epoch"], [("", 1)]
    for side in outcome.sides:
        columns += [">loss", f">{side.metric}"]
        spans.append((side.title, 2))
    columns.append(">largest difference")
    spans.append(("", 1))
    count = len(outcome.sides[0].epochs)
    step = -(-count // (_FEW_ROWS if few else _MAX_ROWS))
    shown = [e for e in range(count) if (count - 1 - e) % step == 0 or e == 0]
    rows: list[list[str]] = []
    marked = set()
    for epoch in shown:
        row = [str(epoch + 1)]
        for side in outcome.sides:
            row += [f"{side.epochs[epoch].loss:#.6g}", f"{side.epochs[epoch].metric:.4f}"]
        difference = max(outcome.loss_difference(epoch), outcome.metric_difference(epoch))
        if difference and not outcome.verdict:
            marked.add(len(rows))
        rows.append([*row, f"{difference:.3g}"])
    return Table(columns, rows, spans=spans, marked=frozenset(marked))


def curves(outcome: DeviceOutcome) -> list[Chart]:
    """Loss and metric of each form over the epochs; nothing for a single epoch."""
    count = len(outcome.sides[0].epochs)
    if count < 2:
        return []
    metric = outcome.sides[0].metric
    losses = [Series(s.title, [epoch.loss for epoch in s.epochs]) for s in outcome.sides]
    metrics = [Series(s.title, [epoch.metric for epoch in s.epochs]) for s in outcome.sides]
    several = len(outcome.sides) > 1
    positive = all(value > 0 for series in losses for value in series.values)
    where = f" · {outcome.case}" if outcome.case else ""
    return [
        Chart(
            f"loss of each epoch{where}", "epoch", "loss", losses, log=positive,
            apart=[outcome.loss_difference(epoch) for epoch in range(count)] if several else (),
        ),
        Chart(
            f"{metric} of each epoch{where}", "epoch", metric, metrics,
            apart=[outcome.metric_difference(epoch) for epoch in range(count)] if several else (),
        ),
    ]  # fmt: skip


def speeds(outcome: DeviceOutcome) -> Chart:
    """Examples a second of each form, as bars."""
    values = Series("examples/s", [side.examples_per_second for side in outcome.sides])
    names = [side.title for side in outcome.sides]
    return Chart("speed of training", "", "examples per second", [values], labels=names)


def parity(outcome: DeviceOutcome) -> Table:
    """The compared quantities and their differences."""
    rows, marked = [], set()
    for number, line in enumerate(outcome.parity):
        difference = line.difference
        same = "" if difference.same_class is None else f"{difference.same_class:.2%}"
        rows.append(
            [
                line.what,
                f"{difference.max_abs:.3g}",
                f"{difference.max_rel:.3g}",
                f"{difference.max_ulp or 0:,}",
                same,
                f"differs by at least {line.least:g}" if line.least else str(difference.required),
            ]
        )
        if not line.holds:
            marked.add(number)
    columns = ["parity", ">max abs", ">max rel", ">ULP", ">same class", "smallest tolerance"]
    return Table(columns, rows, marked=frozenset(marked))


def time(outcome: DeviceOutcome) -> Table:
    """First step, epochs and speed of each form."""
    session = outcome.sides[0]
    rows: list[list[str]] = []
    for side in outcome.sides:
        seconds = side.epoch_seconds
        rows.append(
            [
                side.title,
                _duration(side.first_step),
                f"{_duration(statistics.median(seconds))} "
                f"({_duration(min(seconds))} … {_duration(max(seconds))})",
                f"{side.examples_per_second:,.0f}",
                f"{side.examples_per_second / session.examples_per_second:.2f}",
            ]
        )
    columns = ["time", ">first step", ">per epoch (spread)", ">examples/s", ">against the session"]
    return Table(columns, rows)


def cases(outcomes: list[DeviceOutcome]) -> Table:
    """The cases side by side: final values, differences, speed."""
    sides = max((outcome.sides for outcome in outcomes), key=len)
    columns, spans = ["case"], [("", 1)]
    for side in sides:
        columns += [">loss", f">{side.metric}", ">examples/s"]
        spans.append((side.title, 3))
    columns += ["parity", ""]
    spans.append(("", 2))
    rows: list[list[str]] = []
    marked = set()
    for number, outcome in enumerate(outcomes):
        by_form = {side.form: side for side in outcome.sides}
        row = [outcome.case]
        for form in (side.form for side in sides):
            if form not in by_form:
                row += ["", "", ""]
                continue
            last, speed = by_form[form].epochs[-1], by_form[form].examples_per_second
            row += [f"{last.loss:#.6g}", f"{last.metric:.4f}", f"{speed:,.0f}"]
        same = "bit-identical" if outcome.parity and outcome.identical else ""
        if outcome.parts is not None:
            same = f"differs by {outcome.parts:.2g}, as expected"
            if outcome.kernel and outcome.exact:
                same += f"; bit-identical with TF1's {outcome.kernel}"
        rows.append([*row, str(outcome.verdict), same])
        if outcome.parity and not outcome.verdict:
            marked.add(number)
    return Table(columns, rows, title="all cases", spans=spans, marked=frozenset(marked))


def across(devices: list[DeviceOutcome]) -> Table:
    """The devices side by side: where each form ended, and how fast."""
    columns, spans = [""], [("", 1)]
    for outcome in devices:
        columns += [">loss", f">{outcome.sides[0].metric}", ">examples/s"]
        spans.append((outcome.device, 3))
    rows: list[list[str]] = []
    for sides in zip(*(outcome.sides for outcome in devices), strict=True):
        row = [sides[0].title]
        for side in sides:
            last = side.epochs[-1]
            row += [f"{last.loss:#.6g}", f"{last.metric:.4f}", f"{side.examples_per_second:,.0f}"]
        rows.append(row)
    return Table(columns, rows, spans=spans)


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"
