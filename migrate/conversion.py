"""The pipeline: a TensorFlow 1 source in, a folder with the Keras model and its proof out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .asked import Asked
from .carrying import carry_training
from .converted import Conversion, lifted_report, model_report, variables_report, write_report
from .emit import source as emit_source
from .errors import UserError, printable
from .events import Event, counted, stage
from .formats import FORMATS, Written, whole_folder, write_formats
from .graph.inference import Inference
from .graph.interface import Interface, NoNetworkError, find_interface
from .layers import UnsupportedError
from .lifting import Lifted, NotLiftedError, lift, lift_plan, lifted_source
from .original import Original
from .parity import Difference
from .plan import Plan
from .plan.examples import random_inputs
from .plan.fates import fates
from .plan.mlp import forward, mlp_plan
from .planning import (
    MissingVariablesError,
    bypassed,
    complete_kinds,
    complete_shapes,
    inference_part,
    make_plan,
    refuse_forbidden,
)
from .sources import Source, open_source
from .verification import Allowed, Comparison, Measured, Model, difference
from .worker import JobError, Worker, WorkerError
from .worker.batches import batches

_TIMEOUT = 300.0
_NO_NETWORK = (
    "The graph beside the checkpoint holds no network: nothing in it computes with an input and "
    "these variables. So the variables alone were written."
)


def convert(
    source: str | Path,
    output: str | Path | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
    to: Sequence[str] = (),
    map: str | Path | None = None,
    model: str | None = None,
    ema: str = "raw",
    keras: str = "keras",
    training: bool = True,
    dry_run: bool = False,
    force: bool = False,
    trust: bool = False,
    timeout: float = _TIMEOUT,
    on_event: Event | None = None,
) -> Conversion:
    """Converts a TensorFlow 1 checkpoint, frozen graph or SavedModel to Keras, and measures parity.

    Args:
        source: a checkpoint prefix, any of its files, a folder, a ``.meta``, a frozen ``.pb``, a
            SavedModel folder; for the way back a ``.keras`` or ``.weights.h5`` file.
        output: the folder to write; ``<name>-keras`` in the working folder by default, for the way
            back ``<name>-tf1``.
        inputs: tensors that become the model's inputs, where the guess is wrong.
        outputs: tensors that become its outputs.
        feed: placeholder → value, fixed for good.
        to: "keras", "saved_model", or of :data:`tfmigrate.formats.FORMATS`; without one of the
            first two the variables alone are written, under their names of TF1. By default
            "keras" where a model can be made of the source, else "npz".
        map: a map file: TF1 names to those of ``model``, or without a model to new names.
        model: ``FILE.py:FUNCTION``, which builds the model that the weights go to; or "mlp" where
            there is no graph and the variables are a chain of dense layers.
        ema: "prefer": moving averages of weights instead of the weights; "raw": not.
        keras: "tf-keras" for a model of Keras 2.
        training: carry loss, optimizer and its state over, where the graph has them.
        dry_run: plan, and write nothing.
        force: replace an output of an earlier conversion.
        trust: run the original graph even if it could touch files, the network or processes.
        timeout: seconds without a sign of life after which a worker is ended.
        on_event: called as the work goes on, see :mod:`tfmigrate.events`.

    Returns:
        A result that is true where parity holds.

    Raises:
        UserError: the source cannot be read or understood, or the output cannot be written.
    """
    path, to = Path(source), tuple(dict.fromkeys(to))
    asked = Asked(path, inputs, outputs, feed, to, map, model, ema, keras)
    asked.check()
    tell = on_event or (lambda event: None)
    common: dict[str, Any] = {"force": force, "dry_run": dry_run, "tell": tell}
    map_path = Path(map) if map is not None else None
    if asked.back:
        from .mapping.converting import convert_back

        stem = path.name.removesuffix(".h5").removesuffix(".weights").removesuffix(".keras")
        folder = _free(output, f"{stem}-tf1", force or dry_run)
        report = convert_back(path, folder, map_path=map_path, to=to, **common)
        return Conversion(report, None if dry_run else folder)
    opened = open_source(source)
    opened.prefer_averages = _prefers_averages(opened, ema)
    folder = _free(output, f"{opened.name}-keras", force or dry_run)
    if asked.users_model or map_path is not None:
        from .mapping.converting import convert_into_model, convert_names

        if model is None:
            assert map_path is not None
            report = convert_names(opened, folder, map_path, to=to or ("npz",), **common)
        else:
            report = convert_into_model(
                opened,
                folder,
                asked.function,
                code=asked.twin,
                map_path=map_path,
                to=to or ("keras",),
                legacy_keras=keras == "tf-keras",
                timeout=timeout,
                **common,
            )
        return Conversion(report, None if dry_run else folder)
    if "saved_model" in to and opened.graph is None:
        raise UserError(
            f"there is no graph beside {printable(path)}, so no SavedModel can be made of it",
            expected="a .meta file beside the checkpoint",
            try_="--to tf2 for the variables",
        )
    job = _Job(opened, folder, to, keras, training, dry_run, force, trust, timeout, tell)
    if asked.variables_alone:
        return job.variables([])
    if model is not None or opened.graph is None:
        return job.from_names(asked=model is not None)
    return job.from_graph(inputs, outputs, feed)


def _free(output: str | Path | None, default: str, replace: bool) -> Path:
    """The output folder, refused at once where it is there and may not be replaced."""
    folder = Path(output if output is not None else default)
    if folder.exists() and not replace:
        raise UserError(
            f"{printable(folder)} exists already", try_="--force to replace it, or another -o"
        )
    return folder


def _prefers_averages(source: Source, ema: str) -> bool:
    if ema == "prefer" and not source.averages:
        raise UserError(
            f"{printable(source.path)} holds no moving averages of weights", try_="without --ema"
        )
    return ema == "prefer"


@dataclass
class _Job:
    """One conversion under way."""

    source: Source
    folder: Path
    to: Sequence[str]
    keras: str
    training: bool
    dry_run: bool
    force: bool
    trust: bool
    timeout: float
    tell: Event

    def from_graph(
        self,
        inputs: Sequence[str] | None,
        outputs: Sequence[str] | None,
        feed: Mapping[str, Any] | None,
    ) -> Conversion:
        """Outcome ``keras``, by the graph."""
        self.tell({"stage": "planning"})
        # TensorFlow is imported there while the plan is made here.
        with Worker("graph") as graph_worker, Worker("Keras") as keras_worker:
            assert self.source.graph is not None
            try:
                with _understanding():
                    saved = self.source.recipes().keys()
                    interface = find_interface(
                        self.source.graph, inputs, outputs, feed, saved=saved
                    )
            except NoNetworkError:
                if self.source.checkpoint is None:
                    raise
                return self.variables([_NO_NETWORK])
            if not self.trust:
                refuse_forbidden(self.source, interface)
            interface = complete_kinds(self.source, interface, graph_worker, self.timeout)
            complete_shapes(self.source, interface, graph_worker, self.timeout)
            with _understanding():
                inference = inference_part(self.source, interface)
            original = Original(
                self.source,
                interface,
                graph_worker,
                bypass=bypassed(inference),
                timeout=self.timeout,
            )
            if "saved_model" in self.to:
                asked = {"ops": list[str](), "tensor": "", "reason": "--to saved_model asks for it"}
                return self._lift(interface, original, inference, keras_worker, asked)
            try:
                plan = self._plan(interface, inference)
            except MissingVariablesError as error:
                if interface.how == "asked" or self.source.checkpoint is None:
                    raise
                return self.variables([f"{error.problem}, so the variables alone were written."])
            except UnsupportedError as error:
                why = {"ops": error.ops, "tensor": error.tensor, "reason": str(error)}
                return self._lift(interface, original, inference, keras_worker, why)
            except Exception as error:  # a graph that contradicts itself, or a bug of ours
                if isinstance(error, UserError) or os.environ.get("TFMIGRATE_DEBUG"):
                    raise
                reason = f"planning fails at it: {type(error).__name__}: {printable(error)}"
                why = {"ops": list[str](), "tensor": "", "reason": reason}
                return self._lift(interface, original, inference, keras_worker, why)

            def compare() -> Measured:
                given = random_inputs(plan)
                original.open()
                differences = self._differences(keras_worker, plan, given, original.run(given))
                if self.keras == "tf-keras" or all(map(Allowed().holds, differences.values())):
                    return Measured(differences)
                self.tell({"stage": "looking for the cause"})
                model = Model.built(keras_worker, self.timeout)
                model.bind(interface, {})
                comparison = Comparison(
                    self.source, interface, original, model, plan, Allowed(), self.tell
                )
                return Measured(differences, found=comparison.run(given))

            made = self._try_to_write(plan, keras_worker, compare)
            if isinstance(made, str) and plan.training is not None:  # which must not cost the model
                without = f"Training is not carried over: {made}."
                plan = self._plan(interface, inference, without=without)
                made = self._try_to_write(plan, keras_worker, compare)
            if isinstance(made, Conversion):
                return made
            why = {"ops": list[str](), "tensor": "", "reason": made}
            return self._lift(interface, original, inference, keras_worker, why)

    def _try_to_write(
        self, plan: Plan, worker: Worker, compare: Callable[[], Measured]
    ) -> Conversion | str:
        """As :meth:`_write`; or what failed, of what no one foresaw."""
        try:
            return self._write(plan, worker, compare, "the original graph")
        except JobError as error:
            if os.environ.get("TFMIGRATE_DEBUG"):
                raise
            return f"Keras fails at it: {printable(error.gist, 300)}"
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            if os.environ.get("TFMIGRATE_DEBUG"):
                raise
            return f"the weights cannot be made: {type(error).__name__}: {printable(error, 300)}"

    def _plan(self, interface: Interface, inference: Inference, *, without: str = "") -> Plan:
        """The plan with its training, or without it, for a reason that is noted."""
        assert self.source.graph is not None
        plan = make_plan(self.source, interface, inference)
        if self.keras == "tf-keras":
            plan.notes.append("For tf-keras, so without loss and optimizer.")
        elif without:
            plan.notes.append(without)
        elif self.training:
            recipes = self.source.recipes()
            try:
                carry_training(self.source.graph, plan, recipes, self.source.read)
            except Exception as error:  # a training part that contradicts itself, or a bug of ours
                if os.environ.get("TFMIGRATE_DEBUG"):
                    raise
                gist = f"{type(error).__name__}: {printable(error)}"
                without = f"Training is not carried over: reading it fails ({gist})."
                return self._plan(interface, inference, without=without)
        return plan

    def _lift(
        self,
        interface: Interface,
        original: Original,
        inference: Inference,
        worker: Worker,
        why: dict[str, Any],
    ) -> Conversion:
        """Outcome ``lifted``; ``variables`` where TensorFlow cannot even do that."""
        self.tell({"stage": "lifting"})
        if self.dry_run:
            report = lifted_report(
                self.source, Lifted(lift_plan(self.source, interface)), why, Measured(None)
            )
            return Conversion(report, None)
        try:
            with whole_folder(self.folder, force=self.force) as room:
                lifted = lift(
                    self.source,
                    interface,
                    room / "saved_model",
                    worker,
                    bypass=bypassed(inference),
                    timeout=self.timeout,
                )
                (room / "model.py").write_text(lifted_source(lifted.plan), encoding="utf-8")
                measured = self._compare_lifted(lifted, original, worker)
                report = lifted_report(self.source, lifted, why, measured)
                report["files"] |= self._formats(room).files
                write_report(room, report)
        except NotLiftedError as error:
            if self.source.checkpoint is None:
                raise
            note = f"{why['reason']}, and {error.problem}; so the variables alone were written."
            return self.variables([note])
        self.tell({"stage": "done"})
        return Conversion(report, self.folder)

    def _compare_lifted(self, lifted: Lifted, original: Original, worker: Worker) -> Measured:
        """A difference for each output, or why there is none."""
        self.tell({"stage": "comparing"})
        numbered = {str(index): array for index, array in enumerate(lifted.given.values())}
        try:
            step = {"step": "predict"}
            made = worker.call("lift", step, numbered, timeout=self.timeout).arrays
            original.open()
            expected = original.run(lifted.given)
            measured = {
                output.tensor: difference(expected[output.tensor], made[str(index)])
                for index, output in enumerate(lifted.plan.outputs)
            }
            if all(map(Allowed().holds, measured.values())):
                return Measured(measured)
            again = original.run(lifted.given)
            if all(Allowed().holds(difference(expected[t], again[t])) for t in expected):
                return Measured(measured)
        except WorkerError:
            raise
        except UserError as error:
            return Measured(None, f"on random inputs {error.problem}")
        reason = "the original itself gives other numbers in every run: it draws random ones"
        return Measured(None, reason)

    def from_names(self, *, asked: bool) -> Conversion:
        """Outcome ``keras`` for a chain of dense layers without a graph, else ``variables``."""
        weights = [v for v in self.source.variables() if self.source.roles[v.name] == "weight"]
        plan = mlp_plan(weights, self.source.name, self.source.title, asked=asked)
        if plan is None:
            note = (
                "There is no graph beside the checkpoint and its names and shapes do not say "
                "beyond doubt what model it is, so the variables alone were written; --model mlp "
                "says that it is a chain of dense layers."
            )
            return self.variables([note])
        plan.weights = [replace(w, recipe=self.source.recipe(str(w.recipe))) for w in plan.weights]
        with Worker("Keras") as keras_worker:

            def compare() -> Measured:
                given = random_inputs(plan)
                expected = forward(plan, self.source.read, given["x:0"])
                made = self._differences(keras_worker, plan, given, {"logits:0": expected})
                return Measured(made)

            return self._write(plan, keras_worker, compare, "the layers' formula in numpy")

    def variables(self, notes: list[str]) -> Conversion:
        """Outcome ``variables``: weights only, every one accounted for."""
        if not self.source.variables():
            raise UserError(
                f"there are no variables in {printable(self.source.path)}, so nothing to write",
                try_="--to keras, if it computes something",
            )
        self.to = [name for name in self.to if name in FORMATS] or ["npz"]
        if self.dry_run:
            return Conversion(variables_report(self.source, None, self.to, notes), None)
        with whole_folder(self.folder, force=self.force) as room:
            written = self._formats(room)
            report = variables_report(self.source, written, self.to, notes)
            write_report(room, report)
        self.tell({"stage": "done"})
        return Conversion(report, self.folder)

    def _formats(self, room: Path, *, but: Sequence[str] = ()) -> Written:
        """Writes the source's variables under their own names, in each format asked for."""
        formats = [name for name in self.to if name in FORMATS and name not in but]
        size = sum(v.nbytes for v in self.source.variables()) * len(formats)
        progress = stage(self.tell, "writing", size) if formats else None
        tensors, roles = self.source.tensors, self.source.roles
        return write_formats(tensors, room, formats, roles=roles, progress=progress)

    def _write(
        self,
        plan: Plan,
        worker: Worker,
        compare: Callable[[], Measured],
        reference: str,
    ) -> Conversion:
        reasons = self.source.average_reasons()
        plan.fates = [
            replace(f, reason=reasons[f.name]) if f.reason and f.name in reasons else f
            for f in fates(plan, self.source.variables(), self.source.roles)
        ]
        if note := self.source.average_note():
            plan.notes.append(note)
        text = emit_source(plan, legacy_keras=self.keras == "tf-keras")
        if self.dry_run:
            return Conversion(model_report(self.source, plan, {}, Measured(None), reference), None)
        with whole_folder(self.folder, force=self.force) as room:
            (room / "model.py").write_text(text, encoding="utf-8")
            weights = room / FORMATS["weights"].file if "weights" in self.to else None
            paths = _build(
                worker,
                plan,
                self.source,
                text,
                room / "model.keras",
                self.timeout,
                weights,
                self.keras,
                self.tell,
            )
            self.tell({"stage": "comparing"})
            try:
                measured = compare()
            except WorkerError:
                raise
            except UserError as error:  # random examples may be none that the graph accepts
                measured = Measured(None, f"on random inputs {error.problem}")
            report = model_report(self.source, plan, paths, measured, reference)
            if weights is not None:
                report["files"] |= {"weights": weights.name}
            report["files"] |= self._formats(room, but=["weights"]).files
            write_report(room, report)
        self.tell({"stage": "done"})
        return Conversion(report, self.folder)

    def _differences(
        self,
        worker: Worker,
        plan: Plan,
        given: Mapping[str, np.ndarray],
        expected: Mapping[str, np.ndarray],
    ) -> dict[str, Difference]:
        """Runs the saved model on the same examples; a difference for each output."""
        numbered = {str(index): array for index, array in enumerate(given.values())}
        made = worker.call("build", {"step": "predict"}, numbered, timeout=self.timeout).arrays
        return {
            output.tensor: difference(expected[output.tensor], made[str(index)])
            for index, output in enumerate(plan.outputs)
        }


@contextmanager
def _understanding() -> Iterator[None]:
    """A graph that contradicts itself in ways nobody foresaw is the user's, and named as such."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if os.environ.get("TFMIGRATE_DEBUG"):
            raise
        raise UserError(
            f"the graph cannot be understood: {type(error).__name__}: {printable(error)}",
            expected="a graph that TensorFlow 1 wrote",
            try_="--outputs, or --to npz for the variables",
        ) from error


def _build(
    worker: Worker,
    plan: Plan,
    source: Source,
    text: str,
    path: Path,
    timeout: float,
    weights: Path | None = None,
    keras: str = "keras",
    tell: Event = lambda event: None,
) -> dict[str, str]:
    """Builds, fills and saves the model; gives target → path of the variable in the saved model."""

    def call(step: str, arrays: dict[str, np.ndarray] | None = None, **more: Any) -> Any:
        return worker.call("build", {"step": step, **more}, arrays, timeout=timeout).data

    training = plan.training
    progress = stage(tell, "building", sum(weight.recipe.nbytes for weight in plan.weights))
    call("source", source=text, keras=keras.replace("-", "_"))
    made = ((weight.target, weight.recipe.make(source.read)) for weight in plan.weights)
    for group in batches(counted(made, progress)):
        call("assign", group)
    if training is not None:
        call("compile", iterations=training.iterations)
        places = {s.target: (s.member, s.attribute, s.weight) for s in training.slots}
        slots = ((slot.target, slot.make(source.read)) for slot in training.slots)
        for group in batches(slots):
            call("slots", group, places=places)
    return call("save", path=str(path), weights=weights and str(weights))["paths"]
