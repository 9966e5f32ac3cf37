"""The results of training a system in all its forms, by case, device, form and epoch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..parity import EXACT, Difference, Tolerance, Verdict


@dataclass(frozen=True)
class Epoch:
    """One epoch of one form.

    Attributes:
        loss: the mean over the examples of the loss before each step's update.
        metric: accuracy, or what the system measures instead, on the test set after the epoch.
        seconds: of training only.
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
        device: where it was asked to run.
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
    """One line of the parity table: the compared quantity and its difference.

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

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "what": self.what,
            "holds": self.holds,
            "named": self.named,
            "least": self.least,
            **self.difference.to_dict(),
        }


class _Elsewhere:
    """What the Keras form does somewhere else, compared with what it does here."""

    side: Side | None
    lines: Sequence[Measured]
    failed: bool

    @property
    def verdict(self) -> Verdict:
        """Whether both agree; *not run* where they cannot be compared."""
        if self.failed:
            return Verdict.FAIL
        if self.side is None:
            return Verdict.NOT_RUN
        return Verdict.of(all(line.holds for line in self.lines))


@dataclass(frozen=True)
class OnBackend(_Elsewhere):
    """What the Keras form does on one backend.

    Attributes:
        backend: "tensorflow", "jax" or "torch".
        versions: of Python, Keras and the backend; empty where it did not start.
        side: as it was trained there; None where it was not.
        lines: how far it differs from ``reference``; what has a tolerance is judged.
        reference: the title of the side that it is compared with.
        reason: why it was not run, or what failed; a clause.
        failed: whether it cannot run there, though the backend is installed.
        note: why more than usual is allowed; a clause.
    """

    backend: str
    versions: Mapping[str, str] = field(default_factory=dict)
    side: Side | None = None
    lines: Sequence[Measured] = ()
    reference: str = ""
    reason: str = ""
    failed: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """Of the backend."""
        return self.backend

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found: dict[str, Any] = {"verdict": self.verdict, **self.versions, "backend": self.backend}
        if self.reason:
            found["reason"] = self.reason
        if self.note:
            found["note"] = self.note
        if self.side is not None:
            found |= self.side.to_dict()
            found["compared_with"] = self.reference
            found["parity"] = [line.to_dict() for line in self.lines]
        return found


@dataclass(frozen=True)
class OnStrategy(_Elsewhere):
    """What the Keras form does on several devices.

    Attributes:
        name: of the strategy.
        replicas: how many devices.
        side: as it was trained; None where it was not.
        reference: the same form on one device, trained on the same batches.
        lines: how far the two differ; what has a tolerance is judged.
        reason: why it was not run, or what failed; a clause.
        failed: whether it cannot run.
        note: what is not as in the other forms; a clause.
    """

    name: str
    replicas: int = 1
    side: Side | None = None
    reference: Side | None = None
    lines: Sequence[Measured] = ()
    reason: str = ""
    failed: bool = False
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found: dict[str, Any] = {"verdict": self.verdict, "strategy": self.name}
        found |= {key: text for key in ("reason", "note") if (text := getattr(self, key))}
        if self.side is not None:
            found |= self.side.to_dict()
            found |= {"replicas": self.replicas, "parity": [line.to_dict() for line in self.lines]}
        return found


@dataclass(frozen=True)
class DeviceOutcome:
    """All forms of one case on one device.

    Attributes:
        sides: the session first, where the case has one.
        parity: the first side against the others; empty where there is only one.
        tolerance: what the loss of the first steps may differ by.
        case: the name of the variant, or empty.
        why: the cause of an inexact value, or of a missing form.
        kernel: the TF1 optimizer with whose update the lines were taken that are judged, or empty.
        backends: the Keras form on each backend that was asked for.
        strategies: the Keras form by each strategy that was asked for.
        products: seconds of an epoch of the matrix products alone, by numpy; None for a network
            of other layers, on a GPU, and where they took longer than an epoch.
    """

    device: str
    sides: list[Side]
    parity: list[Measured]
    tolerance: Tolerance
    case: str = ""
    why: str = ""
    kernel: str = ""
    backends: Sequence[OnBackend] = ()
    strategies: Sequence[OnStrategy] = ()
    products: float | None = None

    @property
    def elsewhere(self) -> list[OnBackend | OnStrategy]:
        """The Keras form on other backends, and on several devices."""
        return [*self.backends, *self.strategies]

    @property
    def parts(self) -> float | None:
        """The relative difference of TF1 and TF2 in the loss of the first steps; None elsewhere."""
        return max((line.difference.max_rel for line in self.parity if line.named), default=None)

    @property
    def exact(self) -> bool:
        """Whether nothing differs: at all, or with TF1's update in the place of Keras's."""
        if self.kernel:
            judged = [line for line in self.parity if not line.named]
            return not any(line.difference.differing for line in judged)
        return self.identical

    def to_rows(self) -> list[dict[str, Any]]:
        """One a side and epoch."""
        return [
            {
                "device": self.device,
                "case": self.case,
                "form": side.title,
                "epoch": number,
                "loss": epoch.loss,
                side.metric: epoch.metric,
                "seconds": epoch.seconds,
                "examples": epoch.examples,
            }
            for side in self.sides
            for number, epoch in enumerate(side.epochs, 1)
        ]

    def loss_difference(self, epoch: int) -> float:
        """The largest between two forms in that epoch; 0 where all are NaN or the same infinity."""
        losses = [side.epochs[epoch].loss for side in self.sides]
        if all(loss == losses[0] or (loss != loss and losses[0] != losses[0]) for loss in losses):
            return 0.0
        return max(losses) - min(losses)

    @property
    def diverged(self) -> tuple[int, float]:
        """The first epoch in which a form's loss is not finite, from 1, and that loss; else 0."""
        for number in range(len(self.sides[0].epochs)):
            for side in self.sides:
                if not math.isfinite(side.epochs[number].loss):
                    return number + 1, side.epochs[number].loss
        return 0, 0.0

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
        """Pass where every line holds, and where all is to be exact nothing else differs either,
        and where no backend or strategy disagrees.

        Not run where there is a single form: nothing was compared.
        """
        if len(self.sides) < 2:
            return Verdict.NOT_RUN
        exact = self.tolerance == EXACT and self.parts is None
        return Verdict.of(
            all(line.holds for line in self.parity)
            and (self.identical or not exact)
            and all(each.verdict is not Verdict.FAIL for each in self.elsewhere)
        )

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
            "parity": [line.to_dict() for line in self.parity],
            "backends": [each.to_dict() for each in self.backends],
            "strategies": [each.to_dict() for each in self.strategies],
            "products_seconds": self.products,
        }


def step_losses(first: Side, second: Side) -> tuple[np.ndarray, np.ndarray]:
    """The losses of the steps that were watched in both, step by step."""
    losses = first.arrays["losses"], second.arrays["losses"]
    count = min(map(len, losses))
    return losses[0][:count], losses[1][:count]
