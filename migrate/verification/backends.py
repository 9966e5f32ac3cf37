"""The proof once more on other backends of Keras: each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import Interface
from ..parity import Difference, Verdict
from ..plan import Plan
from ..report import Block, Notes, Table
from ..worker import JobError
from ..worker.backends import BY_TENSORFLOW, BackendWorker
from .comparing import Allowed, difference
from .divergences import divergences
from .subject import Model, Subject
from .trained import Trained


@dataclass(frozen=True)
class AtPrecision:
    """What a model computes on a backend in less than float32: measured, never judged.

    Attributes:
        precision: "tf32" or "bfloat16" (matrix products and activations; weights are float32).
        outputs: output tensor → difference from the original; None where it cannot run.
        trained: after the steps of training, if these were compared.
        seconds: of a training step, as in :class:`OnBackend`.
        reason: why it was not run; a clause.
    """

    precision: str
    outputs: Mapping[str, Difference] | None = None
    trained: Trained | None = None
    seconds: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For the ``precisions`` of a backend in the report."""
        reason = {"reason": self.reason} if self.reason else {}
        return {
            "precision": self.precision,
            **reason,
            **_measured(self.outputs, self.trained, self.seconds),
        }


@dataclass(frozen=True)
class OnBackend:
    """What a model does on one backend.

    Attributes:
        backend: "tensorflow", "jax" or "torch".
        allowed: what outputs, weights and slots may be off by.
        outputs: output tensor → difference; None where it was not run.
        trained: after the steps of training, if these were compared.
        seconds: of a training step, the first left out, which compiles; None without training.
        versions: of Python, Keras and the backend; empty where it did not start.
        reason: why it was not run, or what failed; a clause.
        failed: whether the model cannot run there, though the backend is installed.
        notes: where the backend computes something else than TensorFlow on other inputs.
        lower: the same in less than float32, where that was asked for.
    """

    backend: str
    allowed: Allowed
    outputs: Mapping[str, Difference] | None = None
    trained: Trained | None = None
    seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    failed: bool = False
    notes: tuple[str, ...] = ()
    lower: tuple[AtPrecision, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether it agrees with the original there; *not run* where the backend is missing."""
        if self.failed:
            return Verdict.FAIL
        if self.outputs is None:
            return Verdict.NOT_RUN
        trained = self.trained is None or self.trained.holds(self.allowed)
        outputs = all(self.allowed.holds_for(t, d) for t, d in self.outputs.items())
        return Verdict.of(trained and outputs)

    def to_dict(self) -> dict[str, Any]:
        """For the report's ``backends``."""
        found: dict[str, Any] = {"verdict": self.verdict, **self.versions, "backend": self.backend}
        if self.reason:
            found["reason"] = self.reason
        if self.notes:
            found["notes"] = list(self.notes)
        found |= _measured(self.outputs, self.trained, self.seconds)
        if self.lower:
            found["precisions"] = [each.to_dict() for each in self.lower]
        return found


def compare_backends(
    backends: Mapping[str, str],
    subject: Subject,
    interface: Interface,
    given: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    trained: Trained | None,
    allowed: Allowed,
    *,
    own: str | None,
    plan: Plan | None,
    report: Mapping[str, Any],
    timeout: float | None,
    tell: Callable[[dict[str, Any]], None],
    device: str = "cpu",
    precisions: Sequence[str] = (),
) -> tuple[OnBackend, ...]:
    """Runs and trains the model on each backend, on the inputs that it was proved with.

    Args:
        backends: name → the program that has it.
        subject: the model; its source is run in the backend's process.
        given, expected: inputs and outputs of the original, by tensor.
        trained: both sides after some steps, where training was compared and agrees.
        own: the text of the model.py beside the model, which defines its classes.
        plan: of the conversion, if it is known: what of the model differs among backends.
        report: of the model, which names its inputs; {} where they are in the order of the graph.
        device: of the backends; the original stays where it is.
        precisions: below float32, of :func:`tfmigrate.worker.backends.lower_precisions`.
    """
    repeat = trained.repeat if trained is not None else None

    def run(
        worker: BackendWorker,
    ) -> tuple[dict[str, Difference], Trained | None, float | None]:
        model = Model.open(subject, worker, timeout, compiled=repeat is not None, source=own)
        model.bind(interface, report)
        made = model.predict([given[i.tensor] for i in interface.inputs])
        outputs = {
            tensor: difference(expected[tensor], array)
            for tensor, array in zip(interface.outputs, made, strict=True)
        }
        again = repeat(model) if repeat is not None else None
        return outputs, again, min(worker.steps[1:], default=None)

    found = []
    for name, python in backends.items():
        tell({"stage": f"comparing on {name}"})
        with BackendWorker(name, python, device) as worker:
            try:
                versions = worker.versions(timeout)
            except UserError as error:
                text = f"{error.problem}; try {error.try_}" if error.try_ else error.problem
                found.append(OnBackend(name, allowed, reason=text))
                continue
            if needs_tensorflow(own, interface) and name != "tensorflow":
                reason = "the model has strings or hashed features, for which it needs TensorFlow"
                found.append(OnBackend(name, allowed, versions=versions, reason=reason))
                continue
            try:
                outputs, again, seconds = run(worker)
            except (JobError, UserError) as error:
                reason = _cannot_run(error)
                found.append(OnBackend(name, allowed, None, None, None, versions, reason, True))
                continue
        notes = tuple(divergences(plan, name)) if plan is not None else ()
        if plan is not None and plan.training is not None and again is not None:
            turns = [turn.function for turn in plan.training.turns]
            notes += tuple(f"{turn} was trained on TensorFlow only" for turn in turns)
        lower = []
        for precision in precisions:
            tell({"stage": f"comparing on {name}, {precision}"})
            with BackendWorker(name, python, device, precision=precision) as worker:
                try:
                    lower.append(AtPrecision(precision, *run(worker)))
                except (JobError, UserError) as error:
                    lower.append(AtPrecision(precision, reason=_cannot_run(error)))
        found.append(
            OnBackend(
                name, allowed, outputs, again, seconds, versions, notes=notes, lower=tuple(lower)
            )
        )
    return tuple(found)


def _cannot_run(error: JobError | UserError) -> str:
    gist = error.gist if isinstance(error, JobError) else error.problem
    return f"the model cannot run: {printable(gist, 300)}"


def _measured(
    outputs: Mapping[str, Difference] | None, trained: Trained | None, seconds: float | None
) -> dict[str, Any]:
    """Differences for the report, of what was run."""
    found: dict[str, Any] = {}
    if outputs is not None:
        found["outputs"] = [{"tensor": t, **d.to_dict()} for t, d in outputs.items()]
    if trained is not None:
        found["training"] = {
            "losses": [{"original": e, "model": m} for e, m in trained.losses],
            "max_loss_difference": trained.loss_difference,
            "required_tolerance": {"of_scale": trained.of_scale},
            "notes": list(trained.notes),
            "seconds_per_step": seconds,
        }
    return found


def not_compared(backends: Iterable[str], reason: str) -> tuple[OnBackend, ...]:
    """A line for each backend that was asked for and not tried, with the reason."""
    return tuple(OnBackend(name, Allowed(), reason=reason) for name in backends)


def needs_tensorflow(source: str | None, interface: Interface) -> bool:
    """Whether a model takes strings, or has layers that compute with TensorFlow on any backend."""
    if any(given.dtype == "string" for given in interface.inputs):
        return True
    if source is None:
        return False
    lines = source.splitlines()
    return "import tensorflow as tf" in lines or any(
        f"keras.layers.{name}(" in line for line in lines for name in BY_TENSORFLOW
    )


def backends_blocks(reported: Sequence[Mapping[str, Any]]) -> list[Block]:
    """A table with a row for each backend, from the report's ``backends``, and its notes."""
    if not reported:
        return []
    notes = list(dict.fromkeys(note for entry in reported for note in entry.get("notes", ())))
    return [_table(reported), *([Notes(notes)] if notes else [])]


def backends_told(reported: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the verdict says of the backends: "pass on torch", "not run on jax"."""
    return [f"{entry['verdict']} on {entry['backend']}" for entry in reported]


def _table(reported: Sequence[Mapping[str, Any]]) -> Table:
    columns = ["backend", "version", ">outputs", ">losses", ">state", ">s/step", "verdict"]
    rows: list[list[str]] = []
    failed = []
    for entry in reported:
        if entry["verdict"] == Verdict.FAIL:
            failed.append(len(rows))
        reason = f": {entry['reason']}" if "reason" in entry else ""
        version = ""
        if "version" in entry:
            device = entry.get("device", "cpu")
            version = f"{entry['version']}, Keras {entry['keras']}, {device}"
        verdict = f"{entry['verdict']}{reason}"
        rows.append([entry["backend"], version, *_figures(entry), verdict])
        for lower in entry.get("precisions", ()):
            said = f"not run: {lower['reason']}" if "reason" in lower else "not judged"
            rows.append(["", f"in {lower['precision']}", *_figures(lower), said])
    return Table(columns, rows, marked=frozenset(failed))


def _figures(entry: Mapping[str, Any]) -> list[str]:
    """Differences relative to the largest value, of outputs and of weights and slots."""
    outputs, training = entry.get("outputs"), entry.get("training")
    shares = [float(o["max_abs"]) / (float(o["scale"]) or 1.0) for o in outputs or ()]
    figures = [f"{max(shares, default=0.0):.2g}" if outputs is not None else ""]
    if training is None:
        return [*figures, "", "", ""]
    seconds = training["seconds_per_step"]
    return [
        *figures,
        f"{float(training['max_loss_difference']):.2g}",
        f"{float(training['required_tolerance']['of_scale']):.2g}",
        "" if seconds is None else f"{seconds:.3g}",
    ]
