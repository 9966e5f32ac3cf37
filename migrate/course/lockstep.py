"""Trains all forms of a system from the same weights on the same batches, and compares them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..checkpoint import open_checkpoint
from ..conversion import convert
from ..parity import EXACT, Tolerance, measure, worst
from ..worker import Worker
from .datasets import load
from .outcome import Comparison, DeviceOutcome, Measured, Side, step_losses
from .prepare import Prepared
from .programs import FIRST_STEPS, Training
from .request import Request
from .system import System
from .training import FORMS, SILENCE, OnEvent, Setting, train

# In float64 all losses agree to this, or it was not rounding: float64 has 29 bits more, so what
# grows to a thousandth in float32 grows to 1e-12 there.
_IN_DOUBLE = Tolerance(rtol=1e-9)


def compare_training(
    system: System,
    program: Training,
    request: Request,
    workers: Mapping[str, Worker],
    on_event: OnEvent | None,
) -> Comparison:
    """Trains the cases asked for on the devices asked for.

    Raises:
        UserError: the data, a hyper-parameter or the machine does not allow it.
    """
    start = time.perf_counter()
    setting = Setting.of(
        program,
        request.data,
        request.epochs,
        request.batch_size,
        request.learning_rate,
        request.seed,
        request.logdir,
        request.logical_cpus,
    )
    dataset = load(request.data_of(program))  # while the two import TensorFlow
    outcomes: list[DeviceOutcome] = []
    counts = set()
    for device in request.devices(workers["modern"]):
        for case in request.case or tuple(program.cases) or ("",):
            variant = program.case(case)
            prepared = variant.prepare(dataset)
            setting.check(prepared, dataset)
            counts.add(len(prepared.x_train))
            pair = _Pair(system, variant, case, prepared, setting, device, workers, on_event)
            # One conversion shows that the way holds; it costs as much as a small training.
            outcomes.append(pair.outcome(converted=variant.converts and not outcomes))
    return Comparison(
        system=system,
        program=program,
        dataset=dataset,
        num_examples=max(counts),
        setting=setting,
        devices=outcomes,
        seconds=time.perf_counter() - start,
        request=request,
    )


@dataclass(frozen=True)
class _Pair:
    """One case on one device."""

    system: System
    program: Training
    case: str
    prepared: Prepared
    setting: Setting
    device: str
    workers: Mapping[str, Worker]
    on_event: OnEvent | None

    def outcome(self, *, converted: bool) -> DeviceOutcome:
        """Trains it, and where it is not exact trains it again in float64.

        Args:
            converted: whether the session's trained checkpoint is also turned into a Keras model
                that is compared with the session.
        """
        program = self.program
        weights: dict[str, np.ndarray] | None = None
        with tempfile.TemporaryDirectory(prefix="tfmigrate-") as folder:
            initial, trained = (str(Path(folder, f"{n}.ckpt")) for n in ("initial", "trained"))
            sides: list[Side] = []
            for form in program.forms:
                session = form == "session"
                files = {"initial": initial, "trained": trained} if session else {}
                sides.append(self._train(form, weights, **files))
                if session:
                    weights = _carry(initial)
            again = [self._converted(trained, sides[0])] if converted and sides[0].ends else []
        lines = []
        if len(sides) > 1:
            lines = parity(sides, program.tolerance, program.moved, program.departs, program.judged)
        lines += again
        own = self.prepared.x_train.dtype
        rounding = program.tolerance != EXACT and not program.departs
        if len(sides) > 1 and weights and rounding and own == np.float32:
            weights = {name: array.astype(np.float64) for name, array in weights.items()}
            lines += parity_in_double(
                [self._train(form, weights, floatx="float64") for form in program.forms[:2]]
            )
        return DeviceOutcome(self.device, sides, lines, program.tolerance, self.case, program.why)

    def _train(
        self,
        form: str,
        weights: Mapping[str, np.ndarray] | None,
        *,
        initial: str | None = None,
        trained: str | None = None,
        floatx: str | None = None,
    ) -> Side:
        return train(
            self.workers[FORMS[form].era],
            self.system,
            self.program,
            form,
            self.prepared,
            self.setting,
            device=self.device,
            case=self.case,
            floatx=floatx,
            initial=initial,
            trained=trained,
            weights=weights,
            on_event=self.on_event,
        )

    def _converted(self, prefix: str, session: Side) -> Measured:
        """The session's logits against those of the Keras model made of its checkpoint."""
        assert session.ends is not None
        x, logits = session.ends
        folder = Path(f"{prefix}-keras")
        result = convert(prefix, folder, inputs=[x], outputs=[logits])
        if result.report["outcome"] != "keras":
            raise RuntimeError(f"the converter made no Keras model of {self.system.name}")
        modern = self.workers["modern"]
        modern.call("build", {"step": "open", "folder": str(folder)}, timeout=SILENCE)
        given = {"0": self.prepared.x_test}
        step = {"step": "predict", "graph": True}
        made = modern.call("build", step, given, timeout=SILENCE).arrays["0"]
        difference = measure(session.arrays["logits_after"], made)
        return Measured("trained checkpoint, converted", difference, self.program.moved)


def _carry(prefix: str) -> dict[str, np.ndarray]:
    """The variables of the checkpoint that the session wrote, by name."""
    with open_checkpoint(prefix) as checkpoint:
        return {name: checkpoint.read(name) for name in checkpoint.variables}


def parity(
    sides: Sequence[Side],
    tolerance: Tolerance = EXACT,
    moved: Tolerance = EXACT,
    departs: float = 0.0,
    judged: int = FIRST_STEPS,
) -> list[Measured]:
    """The first side's arrays against those of the others; the worst of these counts.

    Where ``tolerance`` is not exact it is for the loss of the first steps; what comes after them is
    measured and not judged. Where the eras part, the loss of the first steps has to show it.
    """
    first, *others = sides
    weights = [name for name in first.arrays if name.startswith("weight:")]

    def line(what: str, names: Sequence[str], allowed: Tolerance | None) -> Measured:
        pairs = [(first.arrays[n], other.arrays[n]) for other in others for n in names]
        return Measured(what, worst([measure(a, b) for a, b in pairs]), allowed)

    exact = tolerance == EXACT and not departs
    later = EXACT if exact else None
    lines = [line("logits, weights just moved", ["logits_before"], moved)]
    if departs:
        lines.append(replace(_losses("loss, first steps: they part", sides, None), least=departs))
    elif not exact:
        lines.append(_losses("loss, first steps", sides, tolerance, judged))
    lines.append(line("logits, after training", ["logits_after"], later))
    lines.append(line("weights, after training", weights, later))
    return lines


def parity_in_double(sides: Sequence[Side]) -> list[Measured]:
    """The losses of the same training in float64: of the first steps, and of all epochs."""
    epochs = [np.array([epoch.loss for epoch in side.epochs]) for side in sides]
    later = worst([measure(epochs[0], other) for other in epochs[1:]])
    return [
        _losses("loss, first steps, in float64", sides, _IN_DOUBLE),
        Measured("loss, all epochs, in float64", later, _IN_DOUBLE),
    ]


def _losses(
    what: str, sides: Sequence[Side], tolerance: Tolerance | None, steps: int = FIRST_STEPS
) -> Measured:
    pairs = [step_losses(sides[0], other) for other in sides[1:]]
    found = [measure(a[:steps], b[:steps]) for a, b in pairs]
    return Measured(what, worst(found), tolerance)
