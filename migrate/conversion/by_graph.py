"""A graph to its Keras model, or to a lifted SavedModel where no Keras form is known."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..emit.lifted import lifted_source
from ..errors import UserError, listed, printable
from ..graph import Inference, Interface, NoNetworkError
from ..layers import UnsupportedError
from ..layers.planning import MissingVariablesError, bypassed, find_inference, lift_plan, make_plan
from ..parity import Verdict
from ..plan import Plan
from ..plan.examples import KINDS, number_of
from ..sources import Source
from ..training import carry_training, not_carried
from ..verification import (
    STEPS,
    Allowed,
    Comparison,
    Measured,
    Model,
    Subject,
    Trained,
    TrainingCheck,
    check_training,
    compare_backends,
    export_model,
    lost_dropout,
    no_evidence,
    not_compared,
    not_exported,
    without_weights,
)
from ..verification.kernels import changed_in
from ..worker import JobError, Worker, WorkerError
from ..worker.original import Original
from ..worker.reference import ReferenceWorker
from .lifting import Lifted, NotLiftedError, compare_lifted, lift
from .output import NO_LAYERS, Output, differences
from .report import lifted_report, write_report
from .result import Conversion, dry_run

Examples = Mapping[str, np.ndarray]

_NO_NETWORK = (
    "The graph next to the checkpoint contains no network: none of its ops depends on both an "
    "input and these variables. Only the variables were written."
)


class _OtherBatchError(Exception):
    """The outputs differ, of a model whose batch size the graph fixes."""


class _OtherTrainingError(Exception):
    """Keras trains otherwise than the program; the message is what differs, and why."""


@dataclass
class GraphConversion:
    """One conversion by the graph, under way.

    Attributes:
        training: carry loss, optimizer and its state over.
        train_check: compare some steps of training, where it is carried over.
        workers: for the graph and for Keras; one for both is started where it is None.
        reference: an interpreter that has TensorFlow 1, to run the original; None: the worker does.
        backends: of Keras, with their interpreters: there the proof is repeated.
        exports: formats of other runtimes, with the interpreters that write them.
        device: of the backends.
        precisions: below float32, to measure on the backends.
    """

    output: Output
    training: bool
    workers: tuple[Worker, Worker] | None = None
    train_check: bool = True
    reference: str | Path | None = None
    backends: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    precisions: Sequence[str] = ()

    @property
    def source(self) -> Source:
        """What is converted."""
        return self.output.source

    @property
    def timeout(self) -> float:
        """Seconds without a sign of life after which a worker is ended."""
        return self.output.timeout

    def _started(self, stack: ExitStack) -> tuple[Worker, Worker]:
        """One worker for the original and the model, which may write where the output grows."""
        writable: tuple[Path, ...] | None = None
        if not self.source.trusted:
            grows = not self.output.dry_run
            writable = (stack.enter_context(self.output.growing()),) if grows else ()
        worker = stack.enter_context(Worker("TensorFlow", writable=writable))
        return worker, worker

    def run(
        self,
        inputs: Sequence[str] | None,
        outputs: Sequence[str] | None,
        feed: Mapping[str, Any] | None,
    ) -> Conversion:
        """Outcome ``keras``, by the graph."""
        self.output.tell({"stage": "planning"})
        # TensorFlow is imported there while the plan is made here.
        with ExitStack() as stack:
            graph_worker, keras_worker = self.workers or self._started(stack)
            runner, reference = graph_worker, None
            if self.reference is not None:
                runner = reference = stack.enter_context(
                    ReferenceWorker(self.reference, graph_worker)
                )
            try:
                interface, inference = find_inference(
                    self.source,
                    inputs,
                    outputs,
                    feed,
                    graph_worker,
                    timeout=self.timeout,
                )
            except NoNetworkError:
                if self.source.checkpoint is None:
                    raise
                return self.output.variables([_NO_NETWORK], failed=True)
            run_by = f"TensorFlow {reference.version(self.timeout)}" if reference else None
            original = Original(
                self.source,
                interface,
                runner,
                bypass=bypassed(inference),
                timeout=self.timeout,
            )
            if "saved_model" in self.output.to:
                asked = {"ops": list[str](), "tensor": "", "reason": "--to saved_model was given"}
                return self._lift(interface, original, inference, keras_worker, asked, run_by)
            try:
                plan = self._plan(interface, inference)
            except MissingVariablesError as error:
                if interface.how == "asked" or self.source.checkpoint is None:
                    raise
                note = f"{error.problem}, so only the variables were written."
                return self.output.variables([note], failed=True)
            except UnsupportedError as error:
                why = {"ops": error.ops, "tensor": error.tensor, "reason": str(error)}
                return self._lift(interface, original, inference, keras_worker, why, run_by)

            def compare(room: Path) -> Measured:
                try:
                    measured, given, expected = compare_outputs()
                except WorkerError:
                    raise
                except UserError as error:
                    return self._elsewhere_not(
                        self.output.unmeasured(error), "the outputs were not compared"
                    )
                measured = replace(measured, run_by=run_by)
                trained = self._check_training(plan, interface, measured, runner, keras_worker)
                if not measured.holds:
                    return self._elsewhere_not(measured, "the outputs differ on TensorFlow already")
                subject = Subject(room / "model.keras", None)
                common: dict[str, Any] = {
                    "own": subject.source,
                    "report": {},
                    "timeout": self.timeout,
                    "tell": self.output.tell,
                }
                found = compare_backends(
                    self.backends, subject, interface, given, expected, trained, measured.allowed,
                    plan=plan, device=self.device, precisions=self.precisions, **common,
                )  # fmt: skip
                if self.exports:
                    original.open()
                files = export_model(
                    self.exports, room, subject, interface, given, expected, original.run,
                    measured.allowed, force=False, **common,
                )  # fmt: skip
                return replace(measured, backends=found, exports=files)

            def compare_outputs() -> tuple[Measured, Examples, Examples]:
                plan.warnings += self._lost_dropout(inference, plan)
                original.open()
                given, expected = original.run_random(plan)
                found = differences(keras_worker, plan, given, expected, self.timeout)
                finite = all(math.isfinite(each.max_abs) for each in found.values())
                if not finite or no_evidence(expected) is not None:
                    # What the network is not for, such as the logarithm of a number below zero.
                    given, expected = original.run_random(plan, KINDS[1:])
                    found = differences(keras_worker, plan, given, expected, self.timeout)
                same = all(map(Allowed().holds, found.values()))
                if not same and any(given.batch for given in plan.inputs):
                    raise _OtherBatchError
                if self.output.keras == "tf-keras" or same:
                    measured = Measured(
                        found,
                        examples=number_of(given),
                        unproved=self._unproved(interface, plan, expected),
                        advice=self.output.verify_with_data,
                    )
                    return measured, given, expected
                self.output.tell({"stage": "looking for the cause"})
                model = Model.built(keras_worker, self.timeout)
                model.bind(interface, {})
                comparison = Comparison(
                    self.source,
                    interface,
                    original,
                    model,
                    plan,
                    Allowed(),
                    self.output.tell,
                )
                measured = Measured(
                    found,
                    found=comparison.run(given),
                    examples=number_of(given),
                    unproved=self._unproved(interface, plan, expected),
                    advice=self.output.verify_with_data,
                )
                return measured, given, expected

            keep = False
            try:
                made = self._try_to_write(plan, keras_worker, compare)
                if isinstance(made, str) and any(given.batch for given in plan.inputs):
                    keep = True
                    plan = self._plan(interface, inference, keep_batch=keep)
                    made = self._try_to_write(plan, keras_worker, compare)
            except _OtherTrainingError as error:
                made = str(error)
            if isinstance(made, str) and plan.training is not None:  # which must not cost the model
                without = f"Training is not carried over: {made}."
                plan = self._plan(interface, inference, without=without, keep_batch=keep)
                made = self._try_to_write(plan, keras_worker, compare)
            if isinstance(made, Conversion):
                return made
            why = {"ops": list[str](), "tensor": "", "reason": made}
            return self._lift(interface, original, inference, keras_worker, why, run_by)

    def _elsewhere_not(self, measured: Measured, reason: str) -> Measured:
        """Lines for the backends and formats that were asked for and not tried."""
        return replace(
            measured,
            backends=not_compared(self.backends, reason),
            exports=not_exported(self.exports, reason),
        )

    def _raise_if_others_need(self, error: WorkerError) -> None:
        """Raises it where a worker died that was lent: its owner replaces it."""
        if not all(worker.alive for worker in self.workers or ()):
            raise error

    def _lost_dropout(self, inference: Inference, plan: Plan) -> list[str]:
        """A warning, unless there is one already, where the model has less dropout."""
        rates = [node.attrs["rate"] for node in inference.graph.of("Dropout")]
        lost = lost_dropout(rates, plan)
        if not lost or any("dropout" in warning for warning in plan.warnings):
            return []
        return [
            f"The graph has dropout at the rate {listed(lost)} that the model does not have. "
            "Predictions are not affected, but training the model differs."
        ]

    def _unproved(
        self, interface: Interface, plan: Plan, outputs: Mapping[str, np.ndarray]
    ) -> str | None:
        """Why outputs that agree prove nothing, or None where they do."""
        if interface.undecided:
            return f"the outputs are uncertain: {interface.undecided}"
        if "weight" in self.source.roles.values() and (alone := without_weights(plan)):
            return f"no weight affects {listed([printable(tensor) for tensor in alone])}"
        reason = no_evidence(outputs)
        return None if reason is None else f"on random inputs {printable(reason, 200)}"

    def _try_to_write(
        self, plan: Plan, worker: Worker, compare: Callable[[Path], Measured]
    ) -> Conversion | str:
        """As :meth:`_write`; or what failed, of what no one foresaw."""
        try:
            return self.output.model(plan, worker, compare, "the original graph")
        except _OtherBatchError:
            return "the outputs differ with another batch size"
        except JobError as error:
            if os.environ.get("TFMIGRATE_DEBUG"):
                raise
            return f"Keras raises an error: {printable(error.gist, 300)}"
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            if os.environ.get("TFMIGRATE_DEBUG"):
                raise
            return (
                f"the weights cannot be computed: {type(error).__name__}: {printable(error, 300)}"
            )

    def _check_training(
        self,
        plan: Plan,
        interface: Interface,
        measured: Measured,
        runner: Worker,
        keras_worker: Worker,
    ) -> Trained | None:
        """Writes into the plan what was found of its training; gives both sides if they agree.

        Raises:
            _OtherTrainingError: Keras trains otherwise.
        """
        training = plan.training
        if training is None or not self.train_check:
            return None
        found, tried = TrainingCheck(Verdict.NOT_RUN, "the outputs themselves differ"), False
        if not training.losses:
            found = TrainingCheck(Verdict.NOT_RUN, "compile_model does not set a loss")
        elif not measured.differences:
            found = TrainingCheck(Verdict.NOT_RUN, "the outputs were not compared")
        elif measured.holds:
            self.output.tell({"stage": "comparing training"})
            try:
                model = Model.built(keras_worker, self.timeout)
                model.bind(interface, {})
                found = check_training(
                    self.source,
                    interface,
                    plan,
                    model,
                    runner,
                    timeout=self.timeout,
                )
                tried = True
            except WorkerError as error:
                self._raise_if_others_need(error)
                found = TrainingCheck(Verdict.NOT_RUN, error.problem)
        if found.verdict is Verdict.FAIL or (tried and training.causes):
            reasons = [found.reason, *training.causes, *training.doubts]
            reasons += training.hints if found.verdict is Verdict.FAIL else []
            raise _OtherTrainingError("; ".join(filter(None, reasons)))
        if found.verdict in (Verdict.NOT_RUN, Verdict.NOT_PROVED) and training.losses:
            plan.warnings.append(
                f"It is not proved that Keras trains like TensorFlow 1: {found.reason}."
            )
        if found.verdict is Verdict.PASS:  # so it has no effect
            told = [f"Training: {not_carried(doubt)}." for doubt in training.doubts]
            plan.warnings = [warning for warning in plan.warnings if warning not in told]
            plan.notes += [
                f"Training: {d}, but {STEPS} training steps agree." for d in training.doubts
            ]
        if found.verdict is Verdict.PASS and found.trained is not None:
            plan.notes += [f"In the training check, {note}." for note in found.trained.notes]
        training.proved = found.verdict is Verdict.PASS and not training.beside
        run_by = {"run_by": measured.run_by} if measured.run_by and found.trained else {}
        training.summary["check"] = found.to_dict() | run_by
        return found.trained if found.verdict is Verdict.PASS else None

    def _plan(
        self,
        interface: Interface,
        inference: Inference,
        *,
        without: str = "",
        keep_batch: bool = False,
    ) -> Plan:
        """The plan with its training, or without it, for a reason that is noted."""
        assert self.source.graph is not None
        plan = make_plan(self.source, interface, inference, keep_batch=keep_batch)
        if self.output.keras == "tf-keras":
            plan.notes.append("The model is for tf-keras, so it has no loss and no optimizer.")
        elif without:
            plan.warnings.append(without)
        elif self.training:
            recipes = self.source.recipes()
            try:
                carry_training(self.source.graph, plan, recipes, self.source.read)
            except Exception as error:  # a training part that contradicts itself, or a bug of ours
                if os.environ.get("TFMIGRATE_DEBUG"):
                    raise
                gist = f"{type(error).__name__}: {printable(error)}"
                without = (
                    "Training is not carried over: reading the training part of the graph "
                    f"fails ({gist})."
                )
                return self._plan(interface, inference, without=without, keep_batch=keep_batch)
        if plan.training is not None and (self.output.dry_run or not self.train_check):
            reason = "--no-train-check" if not self.train_check else "a dry run does not train"
            plan.training.summary["check"] = TrainingCheck(Verdict.NOT_RUN, reason).to_dict()
            plan.training.proved = False
            if not self.train_check:
                plan.notes.append("Training steps were not compared, because of --no-train-check.")
        plan.notes += self._changed_kernels(interface, training=plan.training is not None)
        return plan

    def _changed_kernels(self, interface: Interface, *, training: bool) -> list[str]:
        """A note, unless TensorFlow 1 itself runs the original."""
        if self.reference is not None:
            return []
        assert self.source.graph is not None
        return changed_in(self.source.graph, interface.outputs, training=training)

    def _lift(
        self,
        interface: Interface,
        original: Original,
        inference: Inference,
        worker: Worker,
        why: dict[str, Any],
        run_by: str | None,
    ) -> Conversion:
        """Outcome ``lifted``; ``variables`` where TensorFlow cannot even do that."""
        self.output.tell({"stage": "lifting"})
        if self.output.dry_run:
            report = lifted_report(
                self.source, Lifted(lift_plan(self.source, interface)), why, Measured(None)
            )
            return dry_run(report)
        try:
            with self.output.whole() as room:
                try:
                    lifted = lift(
                        self.source,
                        interface,
                        room / "saved_model",
                        worker,
                        bypass=bypassed(inference),
                        timeout=self.timeout,
                    )
                except WorkerError as error:
                    self._raise_if_others_need(error)
                    raise NotLiftedError(error.problem) from error
                lifted.plan.notes += self._changed_kernels(interface, training=False)
                if "torch" in self.output.to:
                    lifted.plan.warnings.append(NO_LAYERS)
                (room / "model.py").write_text(lifted_source(lifted.plan), encoding="utf-8")
                self.output.tell({"stage": "comparing"})
                measured = compare_lifted(self.source, lifted, original, worker, self.timeout)
                only = "the model is a SavedModel, which only TensorFlow runs"
                measured = self._elsewhere_not(replace(measured, run_by=run_by), only)
                report = lifted_report(self.source, lifted, why, measured)
                report["files"] |= self.output.formats(room).files
                write_report(room, report)
        except NotLiftedError as error:
            if self.source.checkpoint is None:
                raise
            note = f"{why['reason']}, and {error.problem}; so only the variables were written."
            return self.output.variables([note], failed=True)
        self.output.tell({"stage": "done"})
        return Conversion(report, self.output.folder)
