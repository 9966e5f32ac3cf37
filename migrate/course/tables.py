"""The tables and charts a training comparison is shown as."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ..report import Block, Chart, Notes, Paragraph, Series, Table
from .measuring import IN_DOUBLE, OF_SCALE
from .outcome import DeviceOutcome, Measured, OnBackend, OnStrategy

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
    columns.append(">difference")
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
    return _differences("parity", outcome.parity)


def _differences(title: str, lines: Sequence[Measured]) -> Table:
    rows, marked = [], set()
    for number, line in enumerate(lines):
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
    columns = [title, ">max abs", ">max rel", ">ULP", ">same class", "smallest tolerance"]
    return Table(columns, rows, marked=frozenset(marked))


def time(outcome: DeviceOutcome) -> Table:
    """First step, epochs and speed of each form; the part that are matrix products."""
    session, products = outcome.sides[0], outcome.products
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
                *([] if products is None else [f"{products / min(seconds):.0%}"]),
            ]
        )
    columns = ["time", ">first step", ">per epoch (spread)", ">examples/s", ">against the session"]
    if products is not None:
        rows.append(["matrix products only", "", _duration(products), "", "", ""])
        columns.append(">products")
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


def backends(outcome: DeviceOutcome) -> list[Block]:
    """The Keras form on other backends, a row each, against the session; nothing without any."""
    trained = [(each, each.side) for each in outcome.backends if each.side is not None]
    if not trained:
        return []
    rows: list[list[str]] = []
    for each, side in trained:
        before, first, watched, after, weights = (line.difference for line in each.lines)
        rows.append(
            [
                f"{each.backend} {each.versions['version']}",
                f"{before.share:.1e}",
                f"{first.max_rel:.1e}",
                f"{watched.max_rel:.1e}",
                f"{after.share:.1e}",
                f"{weights.max_abs:.1e}",
                f"{side.epochs[-1].metric:.4f}",
                _duration(min(side.epoch_seconds)),
                str(each.verdict),
            ]
        )
    marked = frozenset(n for n, (each, _) in enumerate(trained) if not each.verdict)
    one, _ = trained[0]
    steps = [f">{line.difference.shape[0]} steps" for line in one.lines[1:3]]
    columns = ["backend", ">before", *steps, ">outputs", ">weights"]
    columns += [f">{outcome.sides[0].metric}", ">shortest epoch", "verdict"]
    spans = [("", 1), ("outputs", 1), ("losses", 2), ("after training", 3), ("", 2)]
    title = f"the same Keras source on each backend, compared with the {one.reference}"
    versions = ", ".join(dict.fromkeys(f"Keras {each.versions['keras']}" for each, _ in trained))
    return [
        Chart(
            f"loss on each backend{f' · {outcome.case}' if outcome.case else ''}", "epoch", "loss",
            [
                Series(side.title, [epoch.loss for epoch in side.epochs])
                for side in (outcome.sides[0], *(side for _, side in trained))
            ],
        ),
        Table(columns, rows, title=title, spans=spans, marked=marked),
        Paragraph(
            f"{versions}. Outputs and losses are relative, weights absolute: the smallest atol "
            f"that passes. The outputs before training and the losses of {steps[0][1:]} must stay "
            f"within {OF_SCALE:g}, unless a note allows more. Each backend sums in a different "
            "order, and training enlarges that rounding: later values are measured, not judged.",
            dim=True,
        ),
    ]  # fmt: skip


def strategies(outcome: DeviceOutcome) -> list[Block]:
    """The Keras form on several devices, against the same on one; nothing without any."""
    blocks: list[Block] = []
    for each in outcome.strategies:
        if each.side is None or each.reference is None:
            continue
        one, several = (_duration(min(s.epoch_seconds)) for s in (each.reference, each.side))
        what = f"{each.side.title}: shortest epoch {several}, on one device {one}"
        blocks += [
            _differences(f"{each.name}, {each.replicas} replicas", each.lines),
            Paragraph(what, dim=True),
        ]
    return blocks


def strategies_told(outcomes: Sequence[DeviceOutcome]) -> list[Block]:
    """How far the devices may differ, and why they do; nothing where none trained."""
    if not any(each.side for outcome in outcomes for each in outcome.strategies):
        return []
    return [
        Paragraph(
            "Several devices are compared with the Keras fit on one, on the same batches. Each "
            "replica sums over its part of a batch, and then the parts are added: another order of "
            f"sums. The losses of the first steps must stay within {OF_SCALE:g}, and those in "
            f"float64, where the order hardly matters, within {IN_DOUBLE.rtol:g}. Replicas share "
            "one CPU here, so they gain no time.",
            dim=True,
        )
    ]


def not_run(found: Sequence[tuple[str, OnBackend | OnStrategy]]) -> list[Block]:
    """A line for each reason why a backend did not run the Keras form of a case, or could not, or
    may differ by more.

    Args:
        found: the name of each case, and what came of it.
    """
    reasons: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for case, each in found:
        if reason := each.reason or each.note:
            reasons.setdefault((each.verdict, reason), []).append((case, each.name))
    cases = {case for case, _ in found}
    lines = []
    for (verdict, reason), where in reasons.items():
        of = list(dict.fromkeys(case for case, _ in where))
        on = list(dict.fromkeys(backend for _, backend in where))
        which = f"{', '.join(of)}: " if len(of) < len(cases) else ""
        lines.append(f"{which}{verdict} on {' and '.join(on)}: {reason}")
    return [Notes(lines)] if lines else []


def backends_told(found: Sequence[OnBackend | OnStrategy]) -> str:
    """What the closing line says of the backends: " · pass on torch, not run on jax"."""
    told = dict.fromkeys(f"{each.verdict} on {each.name}" for each in found)
    return f" · {', '.join(told)}" if told else ""


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"
