"""What a comparison found: per device, per form, per epoch; and how it is shown."""

from __future__ import annotations

import shlex
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parity import Difference, Tolerance, Verdict
from ..report import Block, Closing, Heading, Paragraph, Result, Table
from .catalogue import System
from .data import Dataset

if TYPE_CHECKING:
    from .training import Setting

# More epochs than this are thinned out in the table; --json has them all.
_MAX_ROWS = 20


@dataclass(frozen=True)
class Epoch:
    """One epoch of one form.

    Attributes:
        loss: the mean over the examples of the loss before each step's update.
        accuracy: on the test set, after the epoch.
        seconds: of training alone.
        examples: trained on in that time (the first epoch is timed without its first step).
    """

    loss: float
    accuracy: float
    seconds: float
    examples: int


@dataclass(frozen=True)
class Side:
    """One form, trained.

    Attributes:
        form: session, tape or keras.
        title: for people.
        device: where it was told to run.
        placement: where the run-time put it: ``CPU:0``.
        first_step: seconds of the step that traces and compiles.
        settings: versions and float settings in force.
        arrays: logits_before, logits_after, and the weights by TF1 name.
    """

    form: str
    title: str
    device: str
    placement: str
    epochs: list[Epoch]
    first_step: float
    settings: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(repr=False)

    @property
    def epoch_seconds(self) -> list[float]:
        """Seconds a full epoch, without the first (which is incomplete) where there are more."""
        return [epoch.seconds for epoch in self.epochs[1:] or self.epochs]

    @property
    def examples_per_second(self) -> float:
        """The median over the same epochs."""
        epochs = self.epochs[1:] or self.epochs
        return statistics.median(epoch.examples / epoch.seconds for epoch in epochs)

    def to_dict(self) -> dict[str, Any]:
        """Without the arrays."""
        return {
            "form": self.form,
            "placement": self.placement,
            "first_step_seconds": self.first_step,
            "examples_per_second": self.examples_per_second,
            "epochs": [vars(epoch) for epoch in self.epochs],
        }


@dataclass(frozen=True)
class Measured:
    """One line of the parity table: what was compared, and how far apart it was."""

    what: str
    difference: Difference


@dataclass(frozen=True)
class DeviceOutcome:
    """All forms on one device.

    Attributes:
        sides: the session first.
        parity: the session against the other forms.
        tolerance: what each line of parity may differ by.
    """

    device: str
    sides: list[Side]
    parity: list[Measured]
    tolerance: Tolerance

    def loss_difference(self, epoch: int) -> float:
        """The largest between two forms in that epoch; 0 where all are NaN or the same infinity."""
        losses = [side.epochs[epoch].loss for side in self.sides]
        if all(loss == losses[0] or (loss != loss and losses[0] != losses[0]) for loss in losses):
            return 0.0
        return max(losses) - min(losses)

    def accuracy_difference(self, epoch: int) -> float:
        """The largest between two forms in that epoch."""
        values = [side.epochs[epoch].accuracy for side in self.sides]
        return max(values) - min(values)

    @property
    def identical(self) -> bool:
        """Whether nothing at all differs: losses, accuracies, logits, weights."""
        epochs = range(len(self.sides[0].epochs))
        return not any(line.difference.differing for line in self.parity) and not any(
            self.loss_difference(e) or self.accuracy_difference(e) for e in epochs
        )

    @property
    def verdict(self) -> Verdict:
        """Pass where every line is within the tolerance, and the losses where it is exact."""
        within = all(line.difference.within(self.tolerance) for line in self.parity)
        exact = not self.tolerance.atol and not self.tolerance.rtol
        return Verdict.of(within and (self.identical or not exact))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "device": self.device,
            "settings": self.sides[0].settings,
            "verdict": self.verdict,
            "identical": self.identical,
            "tolerance": vars(self.tolerance),
            "largest_loss_difference": max(
                self.loss_difference(e) for e in range(len(self.sides[0].epochs))
            ),
            "sides": [side.to_dict() for side in self.sides],
            "parity": [{"what": m.what, **m.difference.to_dict()} for m in self.parity],
        }


@dataclass(frozen=True)
class Comparison(Result):
    """The outcome of ``tfmigrate compare``: true when parity holds on every device.

    Attributes:
        setting: the hyper-parameters that were used.
        asked: the options that the user gave, by name, to repeat the command.
    """

    system: System
    dataset: Dataset
    setting: Setting
    devices: list[DeviceOutcome]
    seconds: float
    asked: dict[str, Any]

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every device passes."""
        return Verdict.of(all(outcome.verdict for outcome in self.devices))

    @property
    def num_parameters(self) -> int:
        """The number of trained weights."""
        arrays = self.devices[0].sides[0].arrays
        return sum(a.size for name, a in arrays.items() if name.startswith("weight:"))

    @property
    def steps(self) -> int:
        """Updates a form makes in all."""
        return -(-len(self.dataset.x_train) // self.setting.batch_size) * self.setting.epochs

    @property
    def command(self) -> str:
        """What repeats this comparison."""
        parts = ["tfmigrate compare", self.system.name]
        for name, value in self.asked.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            parts += [f"--{name} {shlex.quote(str(one))}" for one in values if one is not None]
        return " ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "system": self.system.name,
            "data": {
                "name": self.dataset.name,
                "origin": self.dataset.origin,
                "train": len(self.dataset.x_train),
                "test": len(self.dataset.x_test),
            },
            "parameters": self.num_parameters,
            **vars(self.setting),
            "steps": self.steps,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "command": self.command,
            "devices": [outcome.to_dict() for outcome in self.devices],
        }

    def blocks(self) -> list[Block]:
        """Setting, epochs, parity and time of each device, and the verdict."""
        setting = self.setting
        blocks: list[Block] = [
            Heading(
                f"{self.system.name} · {self.system.title} · {self.num_parameters:,} parameters"
            ),
            Paragraph(
                f"{self.dataset.name}: {len(self.dataset.x_train):,} train, "
                f"{len(self.dataset.x_test):,} test · batch {setting.batch_size} · learning rate "
                f"{setting.learning_rate:g} · {self.steps:,} steps · seed {setting.seed}",
                dim=True,
            ),
        ]
        for outcome in self.devices:
            blocks += [
                Paragraph(_settings(outcome), dim=True),
                _epochs(outcome),
                _parity(outcome),
                _time(outcome),
            ]
        if len(self.devices) > 1:
            blocks.append(_across(self.devices))
        blocks.append(Closing(self.verdict, self._closing()))
        return blocks

    def _closing(self) -> str:
        lines = [line for outcome in self.devices for line in outcome.parity]
        ulps = max(line.difference.max_ulp or 0 for line in lines)
        forms = len(self.devices[0].sides)
        if all(outcome.identical for outcome in self.devices):
            what = f"{forms} forms bit-identical over {self.steps:,} steps"
        else:
            worst = max(lines, key=lambda line: line.difference.max_abs)
            needed = worst.difference.required
            what = (
                f"{worst.what}: max abs {worst.difference.max_abs:.3g}, it would have needed "
                f"atol {needed.atol:.3g} or rtol {needed.rtol:.3g}"
            )
        return f"{what} · worst {ulps:,} ULP · {self.seconds:.0f} s · {self.command}"


def _settings(outcome: DeviceOutcome) -> str:
    found = outcome.sides[0].settings
    on = {True: "on", False: "off"}
    return (
        f"{outcome.device} · TensorFlow {found['tensorflow']}, Keras {found['keras']} · "
        f"oneDNN {on[found['onednn']]}, TF32 {on[found['tf32']]}, deterministic ops "
        f"{on[found['deterministic']]}, {found['threads']} threads"
    )


def _epochs(outcome: DeviceOutcome) -> Table:
    columns, spans = [">epoch"], [("", 1)]
    for side in outcome.sides:
        columns += [">loss", ">accuracy"]
        spans.append((side.title, 2))
    columns.append(">largest difference")
    spans.append(("", 1))
    count = len(outcome.sides[0].epochs)
    step = -(-count // _MAX_ROWS)
    shown = [e for e in range(count) if (count - 1 - e) % step == 0 or e == 0]
    rows: list[list[str]] = []
    marked = set()
    for epoch in shown:
        row = [str(epoch + 1)]
        for side in outcome.sides:
            row += [f"{side.epochs[epoch].loss:#.6g}", f"{side.epochs[epoch].accuracy:.4f}"]
        difference = max(outcome.loss_difference(epoch), outcome.accuracy_difference(epoch))
        if difference:
            marked.add(len(rows))
        rows.append([*row, f"{difference:.3g}"])
    return Table(columns, rows, spans=spans, marked=frozenset(marked))


def _parity(outcome: DeviceOutcome) -> Table:
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
                str(difference.required),
            ]
        )
        if not difference.within(outcome.tolerance):
            marked.add(number)
    columns = ["parity", ">max abs", ">max rel", ">ULP", ">same class", "would have needed"]
    return Table(columns, rows, marked=frozenset(marked))


def _time(outcome: DeviceOutcome) -> Table:
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


def _across(devices: list[DeviceOutcome]) -> Table:
    """The devices side by side: where each form ended, and how fast."""
    columns, spans = [""], [("", 1)]
    for outcome in devices:
        columns += [">loss", ">accuracy", ">examples/s"]
        spans.append((outcome.device, 3))
    rows: list[list[str]] = []
    for sides in zip(*(outcome.sides for outcome in devices), strict=True):
        row = [sides[0].title]
        for side in sides:
            last = side.epochs[-1]
            row += [f"{last.loss:#.6g}", f"{last.accuracy:.4f}", f"{side.examples_per_second:,.0f}"]
        rows.append(row)
    return Table(columns, rows, spans=spans)


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"
