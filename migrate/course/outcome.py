"""What training a system in all its forms found: per case, device, form and epoch."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..parity import EXACT, Difference, Tolerance, Verdict
from ..report import Block, Closing, Heading, Paragraph, Result
from .datasets import Dataset
from .programs import Training
from .request import Request
from .system import System

if TYPE_CHECKING:
    from .training import Setting


@dataclass(frozen=True)
class Epoch:
    """One epoch of one form.

    Attributes:
        loss: the mean over the examples of the loss before each step's update.
        metric: accuracy, or what the system measures instead, on the test set after the epoch.
        seconds: of training alone.
        examples: trained on in that time (the first epoch is timed without its first step).
    """

    loss: float
    metric: float
    seconds: float
    examples: int


@dataclass(frozen=True)
class Side:
    """One form, trained.

    Attributes:
        form: session, tape, keras …
        title: for people.
        device: where it was told to run.
        placement: where the run-time put it: ``CPU:0``.
        first_step: seconds of the step that traces and compiles.
        settings: versions and float settings in force.
        arrays: logits_before, logits_after, the losses of the first steps, and the weights by
            TF1 name.
        metric: the name of what is measured beside the loss.
        ends: of a session, the tensors that take x and give the logits.
    """

    form: str
    title: str
    device: str
    placement: str
    epochs: list[Epoch]
    first_step: float
    settings: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(repr=False)
    metric: str = "accuracy"
    ends: Sequence[str] | None = None

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
            "epochs": [
                {
                    "loss": epoch.loss,
                    self.metric: epoch.metric,
                    "seconds": epoch.seconds,
                    "examples": epoch.examples,
                }
                for epoch in self.epochs
            ],
        }


@dataclass(frozen=True)
class Measured:
    """One line of the parity table: what was compared, and how far apart it was.

    Attributes:
        tolerance: what it may differ by; None where it is shown and not judged.
        named: whether it shows where the eras part, which the case's ``why`` names.
        least: by how much, relatively, it has to differ then.
    """

    what: str
    difference: Difference
    tolerance: Tolerance | None = EXACT
    named: bool = False
    least: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether it is within what is allowed, or parts as far as it is said to."""
        if self.least:
            return self.difference.max_rel >= self.least
        return self.tolerance is None or self.difference.within(self.tolerance)


@dataclass(frozen=True)
class DeviceOutcome:
    """All forms of one case on one device.

    Attributes:
        sides: the session first, where the case has one.
        parity: the first side against the others; empty where there is only one.
        tolerance: what the loss of the first steps may differ by.
        case: the name of the variant, or empty.
        why: the cause of what is not exact, or of a missing form.
        kernel: the TF1 optimizer with whose update the lines were taken that are judged, or empty.
    """

    device: str
    sides: list[Side]
    parity: list[Measured]
    tolerance: Tolerance
    case: str = ""
    why: str = ""
    kernel: str = ""

    @property
    def parts(self) -> float | None:
        """How far the eras part, relatively, in the loss of the first steps; None elsewhere."""
        return max((line.difference.max_rel for line in self.parity if line.named), default=None)

    @property
    def exact(self) -> bool:
        """Whether nothing differs: at all, or with TF1's update in the place of Keras's."""
        if self.kernel:
            judged = [line for line in self.parity if not line.named]
            return not any(line.difference.differing for line in judged)
        return self.identical

    def loss_difference(self, epoch: int) -> float:
        """The largest between two forms in that epoch; 0 where all are NaN or the same infinity."""
        losses = [side.epochs[epoch].loss for side in self.sides]
        if all(loss == losses[0] or (loss != loss and losses[0] != losses[0]) for loss in losses):
            return 0.0
        return max(losses) - min(losses)

    def metric_difference(self, epoch: int) -> float:
        """The largest between two forms in that epoch."""
        values = [side.epochs[epoch].metric for side in self.sides]
        return max(values) - min(values)

    @property
    def identical(self) -> bool:
        """Whether nothing at all differs: losses, metrics, logits, weights."""
        epochs = range(len(self.sides[0].epochs))
        first, *others = self.sides
        return (
            not any(line.difference.differing for line in self.parity)
            and not any(self.loss_difference(e) or self.metric_difference(e) for e in epochs)
            and all(np.array_equal(*step_losses(first, side), equal_nan=True) for side in others)
        )

    @property
    def verdict(self) -> Verdict:
        """Pass where every line holds, and where all is to be exact nothing else differs either.

        Not run where there is a single form: nothing was compared.
        """
        if len(self.sides) < 2:
            return Verdict.NOT_RUN
        exact = self.tolerance == EXACT and self.parts is None
        return Verdict.of(all(line.holds for line in self.parity) and (self.identical or not exact))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "device": self.device,
            "case": self.case,
            "settings": self.sides[0].settings,
            "verdict": self.verdict,
            "identical": self.identical,
            "parts": self.parts,
            "kernel": self.kernel,
            "exact": self.exact,
            "tolerance": vars(self.tolerance),
            "largest_loss_difference": max(
                self.loss_difference(e) for e in range(len(self.sides[0].epochs))
            ),
            "why": self.why,
            "sides": [side.to_dict() for side in self.sides],
            "parity": [
                {
                    "what": m.what,
                    "holds": m.holds,
                    "named": m.named,
                    "least": m.least,
                    **m.difference.to_dict(),
                }
                for m in self.parity
            ],
        }


def step_losses(first: Side, second: Side) -> tuple[np.ndarray, np.ndarray]:
    """The losses of the steps that were watched in both, step by step."""
    losses = first.arrays["losses"], second.arrays["losses"]
    count = min(map(len, losses))
    return losses[0][:count], losses[1][:count]


@dataclass(frozen=True)
class Comparison(Result):
    """The outcome of ``tfmigrate compare``: true when parity holds on every device.

    Attributes:
        program: the part of the system that was trained.
        num_examples: that are trained on in an epoch.
        setting: the hyper-parameters that were used.
        devices: the outcome of each case on each device.
        request: what the user asked for.
    """

    system: System
    program: Training
    dataset: Dataset
    num_examples: int
    setting: Setting
    devices: list[DeviceOutcome]
    seconds: float
    request: Request

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every case passes on every device; a case with a single form cannot fail."""
        verdicts = [outcome.verdict for outcome in self.devices]
        if all(verdict is Verdict.NOT_RUN for verdict in verdicts):
            return Verdict.NOT_RUN
        return Verdict.of(Verdict.FAIL not in verdicts)

    @property
    def num_parameters(self) -> int:
        """The number of trained weights."""
        arrays = self.devices[0].sides[0].arrays
        return sum(a.size for name, a in arrays.items() if name.startswith("weight:"))

    @property
    def steps(self) -> int:
        """Updates a form makes in all."""
        return -(-self.num_examples // self.setting.batch_size) * self.setting.epochs

    @property
    def command(self) -> str:
        """What repeats this comparison."""
        return self.request.command(self.system)

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
        """Setting, epochs, parity and time of each case on each device, and the verdict."""
        from . import tables

        setting = self.setting
        cases = {outcome.case for outcome in self.devices}
        counted = "" if len(cases) > 1 else f" · {self.num_parameters:,} parameters"
        blocks: list[Block] = [
            Heading(f"{self.system.name} · {self.system.title}{counted}"),
            Paragraph(
                f"{self.dataset.name}: {self.num_examples:,} train, "
                f"{len(self.dataset.x_test):,} test · batch {setting.batch_size} · learning rate "
                f"{setting.learning_rate:g} · {self.steps:,} steps · seed {setting.seed}",
                dim=True,
            ),
        ]
        if self.dataset.origin.startswith("synthetic"):
            blocks.append(Paragraph(self.dataset.origin, dim=True))
        for number, outcome in enumerate(self.devices):
            if outcome.case:
                blocks.append(Heading(outcome.case))
            if not number or outcome.device != self.devices[number - 1].device:
                blocks.append(Paragraph(tables.settings(outcome), dim=True))
            blocks.append(tables.epochs(outcome, few=len(cases) > 1))
            if outcome.parity:
                blocks.append(tables.parity(outcome))
            if outcome.why:
                blocks.append(Paragraph(outcome.why))
            if len(cases) == 1:
                blocks.append(tables.time(outcome))
        if len(cases) > 1:
            blocks.append(tables.cases(self.devices))
        elif len(self.devices) > 1:
            blocks.append(tables.across(self.devices))
        blocks.append(Closing(self.verdict, self._closing()))
        return blocks

    def _closing(self) -> str:
        lines = [line for outcome in self.devices for line in outcome.parity]
        forms = max(len(outcome.sides) for outcome in self.devices)
        judged = [line for line in lines if line.tolerance is not None and not line.named]
        compared = [o for o in self.devices if o.parity and (o.kernel or o.parts is None)]
        ulps = 0
        if not lines:
            what = "a single form: nothing to compare"
        elif all(outcome.exact for outcome in compared):
            what = f"{forms} forms bit-identical over {self.steps:,} steps"
            if kernels := {outcome.kernel for outcome in compared} - {""}:
                what += f", with TF1's {' and '.join(sorted(kernels))}"
        else:
            failing = [line for line in lines if not line.holds] or judged
            worst = max(failing, key=lambda line: line.difference.max_abs)
            ulps, needed = worst.difference.max_ulp or 0, worst.difference.required
            what = "what is judged is bit-identical"
            if worst.difference.differing:
                what = (
                    f"{worst.what}: max abs {worst.difference.max_abs:.3g}, it would have needed "
                    f"atol {needed.atol:.3g} or rtol {needed.rtol:.3g}"
                )
        if parting := [outcome for outcome in self.devices if outcome.parts is not None]:
            what += " · the eras part, as named: " + ", ".join(
                f"{outcome.case or outcome.kernel} {outcome.parts:.2g}" for outcome in parting
            )
        return f"{what} · worst {ulps:,} ULP · {self.seconds:.0f} s · {self.command}"
