"""Trains all forms of a system from the same weights on the same batches, and compares them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint import open_checkpoint
from ..conversion.convert import convert
from ..parity import EXACT, Difference, measure
from ..worker import Worker
from ..worker.backends import interpreters
from ..worker.events import Event
from .backends import Backends
from .datasets import load
from .floor import seconds_of_products
from .measuring import (
    JUDGED_STEPS,
    departing,
    enlarged,
    enlarged_told,
    on_backend,
    parity,
    parity_in_double,
    parity_with_kernel,
    weights_apart,
)
from .outcome import DeviceOutcome, Measured, OnBackend, OnStrategy, Side
from .prepare import Prepared
from .programs import Training
from .request import Request
from .result import Comparison
from .settable import applied
from .setting import Setting
from .strategies import Strategies
from .system import System
from .training import FORMS, SILENCE, train


def compare_training(
    system: System,
    program: Training,
    request: Request,
    workers: Mapping[str, Worker],
    on_event: Event | None,
) -> Comparison:
    """Trains the cases asked for on the devices asked for.

    Raises:
        UserError: the data, a hyper-parameter or the machine does not allow it.
    """
    start = time.perf_counter()
    setting = Setting.of(
        program,
        request.data,
        request.hyperparameter("epochs"),
        request.hyperparameter("batch_size"),
        request.hyperparameter("learning_rate"),
        request.seed,
        request.logdir,
        request.logical_cpus,
    )
    dataset = load(request.data_of(program))  # while the two import TensorFlow
    pairs: list[_Pair] = []
    with (
        tempfile.TemporaryDirectory(prefix="tfmigrate-") as folder,
        _lines(workers) as lines,
        Backends(interpreters(request.backends)) as backends,
        Strategies(request.strategies) as strategies,
    ):
        for device in request.devices(workers["modern"]):
            for case in request.case or tuple(program.cases) or ("",):
                variant = applied(system, program.case(case), request.settings)
                prepared = variant.prepare(dataset)
                setting.check(prepared, dataset)
                own = Path(folder, str(len(pairs)))
                pair = _Pair(
                    system, variant, case, prepared, setting, device, workers, on_event, own, lines
                )
                pair.train()
                pairs.append(pair)
        for pair in pairs:
            pair.train_on(backends)
            pair.train_by(strategies)
        # Here begins what is not timed, and may go on at once. One conversion shows that the way
        # holds; it costs as much as a small training.
        pairs[0].convert()
        for pair in pairs:
            pair.train_with_kernel()
        for pair in pairs:
            pair.train_in_double()
        outcomes = [pair.outcome() for pair in pairs]
    return Comparison(
        system=system,
        program=program,
        dataset=dataset,
        num_examples=max(len(pair.prepared.x_train) for pair in pairs),
        setting=setting,
        devices=outcomes,
        seconds=time.perf_counter() - start,
        request=request,
    )


@contextmanager
def _lines(workers: Mapping[str, Worker]) -> Iterator[dict[str, ThreadPoolExecutor]]:
    """A line to wait in for each worker, which does one job at a time, and one for conversions.

    When something fails, what has not begun never does.
    """
    with ExitStack() as stack:
        lines = {
            name: stack.enter_context(ThreadPoolExecutor(1)) for name in (*workers, "conversion")
        }
        try:
            yield lines
        except BaseException as error:
            for line in lines.values():
                line.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # an interrupt does not wait for what has begun
                for worker in workers.values():
                    worker.close()
            raise


@dataclass
class _Pair:
    """One case on one device: trained, and then whatever else has to be known of it.

    Attributes:
        folder: for checkpoints; not there yet.
        lines: what is not timed waits here.
    """

    system: System
    program: Training
    case: str
    prepared: Prepared
    setting: Setting
    device: str
    workers: Mapping[str, Worker]
    on_event: Event | None
    folder: Path
    lines: Mapping[str, ThreadPoolExecutor]

    sides: list[Side] = field(default_factory=list)
    weights: dict[str, np.ndarray] | None = None
    converted: Future[Difference] | None = None
    with_kernel: list[Future[Side]] = field(default_factory=list)
    in_double: list[Future[Side]] = field(default_factory=list)
    on_backends: list[OnBackend] = field(default_factory=list)
    by_strategies: list[OnStrategy] = field(default_factory=list)
    products: float | None = None

    @property
    def comparable(self) -> bool:
        """Whether there is a session, and a form that starts from its weights."""
        return len(self.sides) > 1 and self.weights is not None

    def train(self) -> None:
        """Trains all forms, the session first, one after the other: they are timed."""
        self.folder.mkdir()
        initial, trained = (str(self.folder / f"{n}.ckpt") for n in ("initial", "trained"))
        for form in self.program.forms:
            if form == "session":
                self.sides.append(self._train(form, None, initial=initial, trained=trained))
                self.weights = _carry(initial)
            else:
                self.sides.append(self._train(form, self.weights))
        if self.device.startswith("cpu"):
            arrays = self.sides[0].arrays
            weights = [arrays[name] for name in arrays if name.startswith("weight:")]
            examples, size = self.prepared.x_train, self.setting.batch_size
            found = seconds_of_products(weights, examples, size)
            # More than an epoch: other work on the machine was timed.
            shortest = min(seconds for side in self.sides for seconds in side.epoch_seconds)
            self.products = found if found is None or found < shortest else None

    def train_on(self, backends: Backends) -> None:
        """Trains the Keras form on other backends, one after the other: they are timed."""
        # Where TF1 and TF2 really differ, a backend is to agree with TF2.
        reference = self.sides[1 if self.program.departs else 0]
        self.on_backends = backends.train(
            self.system, self.program, reference, self.weights, self.prepared, self.setting,
            self.on_event, device=self.device, case=self.case,
        )  # fmt: skip
        if any(each.side and not each.verdict for each in self.on_backends):
            moved = self._enlarged()
            self.on_backends = [
                replace(
                    each,
                    lines=on_backend(reference, each.side, moved),
                    note=enlarged_told(moved),
                )
                if each.side and not each.verdict
                else each
                for each in self.on_backends
            ]

    def train_by(self, strategies: Strategies) -> None:
        """Trains the Keras form on several devices, and on one where the batches are others."""

        def one_device(
            form: str, prepared: Prepared, weights: Mapping[str, np.ndarray], floatx: str | None
        ) -> Side:
            if prepared is self.prepared and floatx is None:
                return next(side for side in self.sides if side.form == form)
            own = replace(self, prepared=prepared, on_event=None)
            return own._train(form, weights, floatx=floatx, losses_alone=floatx is not None)

        self.by_strategies = strategies.train(
            self.system, self.program, one_device, self.weights, self.prepared, self.setting,
            self.on_event, case=self.case,
        )  # fmt: skip

    def _enlarged(self) -> tuple[float, float]:
        """What one unit in the last place of the initial weights makes of the Keras form."""
        assert self.weights is not None
        side = next(side for side in self.sides if FORMS[side.form].kind == "keras")
        count = JUDGED_STEPS * self.setting.batch_size
        few = replace(
            self.prepared,
            x_train=self.prepared.x_train[:count],
            y_train=self.prepared.y_train[:count],
        )
        short = replace(self, prepared=few, setting=replace(self.setting, epochs=1), on_event=None)
        neighbors = {n: np.nextafter(v, np.inf, dtype=v.dtype) for n, v in self.weights.items()}
        return enlarged(side, short._train(side.form, neighbors))

    def convert(self) -> None:
        """Begins to turn the session's trained checkpoint into a Keras model, and to run that."""
        if self.comparable and self.sides[0].ends:
            self.converted = self.lines["conversion"].submit(self._convert)

    def train_with_kernel(self) -> None:
        """Begins to train with TF1's update in the place of Keras's, where it departs."""
        if self.program.kernel and self.comparable:
            self.with_kernel = [self._later(form, self.weights) for form in self.program.forms[1:]]

    def train_in_double(self) -> None:
        """Begins to train in float64, where rounding has reached the weights."""
        rounding = self.program.tolerance != EXACT and not self.program.departs
        single = self.prepared.x_train.dtype == np.float32
        if rounding and single and self.comparable and weights_apart(self.judged).differing:
            assert self.weights is not None
            weights = {name: array.astype(np.float64) for name, array in self.weights.items()}
            first, *others = self.judged
            apart = next(side for side in others if weights_apart([first, side]).differing)
            self.in_double = [
                self._later(side.form, weights, floatx="float64") for side in (first, apart)
            ]

    @property
    def judged(self) -> list[Side]:
        """The session and the forms that are compared with it."""
        if self.with_kernel:
            return [self.sides[0], *(side.result() for side in self.with_kernel)]
        return self.sides

    def outcome(self) -> DeviceOutcome:
        """Waits for all that has begun."""
        program = self.program
        lines = []
        if self.with_kernel:
            lines = departing(self.sides, program) + parity_with_kernel(self.judged, program)
        elif self.comparable:
            lines = parity(self.sides, program.tolerance, program.moved, program.departs)
        if self.converted:
            what = "trained checkpoint, converted"
            lines.append(Measured(what, self.converted.result(), program.moved))
        if self.in_double:
            lines += parity_in_double([side.result() for side in self.in_double])
        return DeviceOutcome(
            self.device,
            self.sides,
            lines,
            program.tolerance,
            self.case,
            program.why,
            program.kernel.name if program.kernel else "",
            self.on_backends,
            self.by_strategies,
            self.products,
        )

    def _later(
        self, form: str, weights: Mapping[str, np.ndarray] | None, floatx: str | None = None
    ) -> Future[Side]:
        """Trains once more, with TF1's update where Keras departs from it."""
        kernel = self.program.kernel.name if self.program.kernel else ""
        line = self.lines[FORMS[form].era]
        return line.submit(
            self._train, form, weights, floatx=floatx, kernel=kernel, losses_alone=True
        )

    def _train(
        self,
        form: str,
        weights: Mapping[str, np.ndarray] | None,
        *,
        initial: str | None = None,
        trained: str | None = None,
        **options: Any,
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
            initial=initial,
            trained=trained,
            weights=weights,
            on_event=self.on_event,
            **options,
        )

    def _convert(self) -> Difference:
        """The session's logits against those of the Keras model made of its checkpoint."""
        session = self.sides[0]
        assert session.ends is not None
        x, logits = session.ends
        folder = self.folder / "keras"
        result = convert(
            str(self.folder / "trained.ckpt"),
            folder,
            inputs=[x],
            outputs=[logits],
            backends={},
            workers=(self.workers["legacy"], self.workers["modern"]),
        )
        if result.report["outcome"] != "keras":
            notes = " ".join(result.report["notes"])
            raise RuntimeError(f"the converter made no Keras model of {self.system.name}: {notes}")
        modern = self.workers["modern"]
        modern.call("build", {"step": "open", "folder": str(folder)}, timeout=SILENCE)
        step = {"step": "predict", "graph": True}
        given = {"0": self.prepared.x_test}
        made = modern.call("build", step, given, timeout=SILENCE).arrays["0"]
        return measure(session.arrays["logits_after"], made)


def _carry(prefix: str) -> dict[str, np.ndarray]:
    """The variables of the checkpoint that the session wrote, by name."""
    with open_checkpoint(prefix) as checkpoint:
        return {name: checkpoint.read(name) for name in checkpoint.variables}
