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
from ..parity import EXACT, Difference, Tolerance, measure, worst
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

# What an optimizer that departs from TF1's may make of the loss in ten steps.
_DEPARTURE = Tolerance(rtol=1e-4)


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
            outcomes.append(pair.outcome(converted=not outcomes))
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
        """Trains it; again with TF1's optimizer, or in float64, where that has more to say.

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
                if form == "session":
                    sides.append(self._train(form, None, initial=initial, trained=trained))
                    weights = _carry(initial)
                else:
                    sides.append(self._train(form, weights))
            again = [self._converted(trained, sides[0])] if converted and sides[0].ends else []
        lines = []
        if len(sides) > 1 and weights:
            judged = sides
            if program.kernel:
                others = [self._train(form, weights, exact=True) for form in program.forms[1:]]
                judged = [sides[0], *others]
                lines = departing(sides, program) + parity_with_kernel(judged, program)
            else:
                lines = parity(sides, program.tolerance, program.moved, program.departs)
            lines += again
            rounding = program.tolerance != EXACT and not program.departs
            single = self.prepared.x_train.dtype == np.float32
            if rounding and single and weights_apart(judged).differing:
                weights = {name: array.astype(np.float64) for name, array in weights.items()}
                lines += parity_in_double(
                    [
                        self._train(form, weights, floatx="float64", exact=True)
                        for form in program.forms[:2]
                    ]
                )
        return DeviceOutcome(
            self.device,
            sides,
            lines,
            program.tolerance,
            self.case,
            program.why,
            program.kernel,
        )

    def _train(
        self,
        form: str,
        weights: Mapping[str, np.ndarray] | None,
        *,
        initial: str | None = None,
        trained: str | None = None,
        floatx: str | None = None,
        exact: bool = False,
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
            exact=exact,
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
) -> list[Measured]:
    """The first side's arrays against those of the others; the worst of these counts.

    Where ``tolerance`` is not exact it is for the loss of the first steps; what comes after them is
    measured and not judged. Where the eras part, the loss of the first steps has to show it.
    """
    exact = tolerance == EXACT and not departs
    later = EXACT if exact else None
    lines = [Measured("logits, weights just moved", _arrays_apart(sides, "logits_before"), moved)]
    if departs:
        parting = _losses("loss, first steps: they part", sides, None)
        lines.append(replace(parting, named=True, least=departs))
    elif not exact:
        lines.append(_losses("loss, first steps", sides, tolerance))
    lines.append(Measured("logits, after training", _arrays_apart(sides, "logits_after"), later))
    lines.append(Measured("weights, after training", weights_apart(sides), later))
    return lines


def departing(sides: Sequence[Side], program: Training) -> list[Measured]:
    """What Keras's own optimizer gives: equal outputs at first, and then a departure, with a name.

    It is judged before training has enlarged it, as it does rounding; then it is only measured.
    """
    moved = _arrays_apart(sides, "logits_before")
    own = f"Keras's own {program.kernel}"
    return [
        Measured("logits, weights just moved", moved, program.moved),
        replace(_losses(f"loss, ten steps, {own}", sides, _DEPARTURE, 10), named=True),
        replace(_losses(f"loss, first steps, {own}", sides, None), named=True),
    ]


def parity_with_kernel(sides: Sequence[Side], program: Training) -> list[Measured]:
    """The losses and the weights where Keras updates by TF1's operation."""
    how = f"with TF1's {program.kernel}"
    exact = program.tolerance == EXACT
    later = EXACT if exact else None
    return [
        _losses(f"loss, first steps, {how}", sides, program.tolerance),
        Measured(f"loss, all epochs, {how}", _epochs_apart(sides), later),
        Measured(f"weights, after training, {how}", weights_apart(sides), later),
    ]


def parity_in_double(sides: Sequence[Side]) -> list[Measured]:
    """The losses of the same training in float64: of the first steps, and of all epochs."""
    return [
        _losses("loss, first steps, in float64", sides, _IN_DOUBLE),
        Measured("loss, all epochs, in float64", _epochs_apart(sides), _IN_DOUBLE),
    ]


def weights_apart(sides: Sequence[Side]) -> Difference:
    """The trained weights of the first side against those of the others."""
    return _arrays_apart(sides, *(n for n in sides[0].arrays if n.startswith("weight:")))


def _arrays_apart(sides: Sequence[Side], *names: str) -> Difference:
    first, *others = sides
    return worst([measure(first.arrays[n], side.arrays[n]) for side in others for n in names])


def _epochs_apart(sides: Sequence[Side]) -> Difference:
    first, *others = [np.array([epoch.loss for epoch in side.epochs]) for side in sides]
    return worst([measure(first, other) for other in others])


def _losses(
    what: str, sides: Sequence[Side], tolerance: Tolerance | None, steps: int = FIRST_STEPS
) -> Measured:
    pairs = [step_losses(sides[0], other) for other in sides[1:]]
    found = [measure(a[:steps], b[:steps]) for a, b in pairs]
    return Measured(what, worst(found), tolerance)
