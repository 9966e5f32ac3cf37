"""``verify``: an original and its model, run on the same inputs in processes of their own."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..emit import STYLES
from ..emit import source as emit_source
from ..errors import UserError, printable, understanding
from ..graph import Inference, Interface, reported_inputs, running_part, split_tensor
from ..layers import UnsupportedError
from ..layers.planning import bypassed, find_inference, lift_plan, make_plan
from ..parity import Difference, Verdict
from ..plan import Plan
from ..plan.batch import keeps_batch
from ..plan.examples import fitting, number_of, random_inputs
from ..sources import Source, open_source
from ..training import carry_training
from ..worker import JobError, Worker
from ..worker.backends import check_device, interpreters, lower_precisions, usual_backends
from ..worker.original import Original
from ..worker.reference import ReferenceWorker
from .backends import compare_backends, not_compared
from .comparing import Allowed, difference
from .correspondence import Pair, pairs_of
from .evidence import no_evidence
from .exports import check_exports, check_places, export_model, not_exported
from .feeding import BATCH, Feeding, read_data
from .layers import LayerDifference, Search, Side
from .result import Verification, Wide
from .subject import Model, Subject, find_subject
from .training import train_both, unfed_rates
from .turns import train_turns

_LAYER_BYTES = 256 << 20  # of all layers' outputs at once; fewer examples go through otherwise
_ROUNDING = 1e-6  # of the scale: what float64 leaves where only constants were written in float32


def verify(
    source: str | Path,
    model: str | Path,
    *,
    data: str | Path | None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
    tolerance: tuple[float, float] | None = None,
    examples: int | None = None,
    seed: int = 0,
    train: int = 0,
    trust: bool = False,
    reference: str | Path | None = None,
    backends: Mapping[str, str | Path | None] | None = None,
    device: str = "cpu",
    precisions: Sequence[str] = (),
    exports: Mapping[str, str | Path | None] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    timeout: float = 300.0,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    workers: tuple[Worker, Worker] | None = None,
) -> Verification:
    """Runs a TensorFlow 1 original and a model side by side, layer by layer.

    The first tensor that differs is named, and its cause where one can be found: a cause is tested
    by running the model again with it put right. Float64 on both sides tells rounding from meaning.

    Args:
        source: as for :func:`tfmigrate.convert`, with a graph.
        model: a .keras file, a folder that convert wrote, its model.py (which is then run), or a
            SavedModel.
        data: an .npz with an array for each input, by tensor name (``x:0`` or ``x``), and for
            ``train`` each label and weight that the report names; random examples otherwise.
        inputs, outputs, feed: tensors of the graph, where the report beside the model or the guess
            is wrong.
        tolerance: atol and rtol: a tensor may be off by ``atol + rtol * scale``; 2e-5 of the scale
            by default.
        examples: how many random ones; by default as many as parity was measured with, or 64,
            fewer where a network is large.
        seed: of the random examples.
        train: how many steps of training to compare too, from the checkpoint on: the original's
            own train operation against Keras's step. Each takes 32 examples, fewer where a network
            is large.
        trust: run the original graph, and a SavedModel as the model, even if they could touch
            files, the network or processes.
        reference: a Python interpreter that has TensorFlow 1: it runs the original, forward and in
            training, in place of ``tf.compat.v1`` here.
        backends: "tensorflow", "jax" or "torch" → a Python interpreter that has Keras with it, or
            None for this one: the model is run, and trained, there too. By default those that the
            environment variable ``TFMIGRATE_BACKENDS`` names.
        device: of these backends: "cpu", "gpu", "gpu:1" … ; the original is run on the CPU.
        precisions: "tf32", "bfloat16": what these backends compute in less than float32 is measured
            too, and not judged; by default both on a GPU.
        exports: of :data:`EXPORTS` → a Python interpreter that has what the format needs, or None
            for this one: the model is exported, and the file compared with the original.
        folder: where exported files go; by default where the model is.
        force: replace exported files that are there.
        timeout: seconds without a sign of life after which a worker is ended.
        on_event: called with ``{"stage": …}`` as the work goes on.
        workers: for the original and for the model, where two are at hand; else they are started.
            A model.py of yours runs in the second: if it changes Keras, later calls there differ.

    Returns:
        A result that is true where everything is within the tolerance.

    Raises:
        UserError: a side cannot be opened or run, or they do not belong together.
    """
    tell = on_event or (lambda event: None)
    programs = interpreters(usual_backends() if backends is None else backends)
    exporters = check_exports(exports or {})
    check_device(device, programs)
    lower = lower_precisions(precisions, device, programs)
    tell({"stage": "reading"})
    with ExitStack() as stack:
        stack.enter_context(_models_errors(model))
        writable = None if trust else ()
        started = [Worker(n, writable=writable) for n in ("graph", "model") if workers is None]
        graph_worker, model_worker = workers or map(stack.enter_context, started)
        runner, own = graph_worker, None
        if reference is not None:
            runner = own = stack.enter_context(ReferenceWorker(reference, graph_worker))
        opened, subject = open_source(source), find_subject(model)
        if backends is None and subject.path is not None and subject.path.is_dir():
            programs = {}  # only TensorFlow runs a SavedModel
        place = Path(folder) if folder is not None else subject.folder
        check_places(exporters, place, force=force)
        opened.trusted = trust
        if opened.graph is None:
            raise UserError(
                f"{printable(source)} has no graph next to it, so the original cannot run",
                expected="a checkpoint with its .meta, a frozen graph or a SavedModel",
            )
        if train and subject.path is not None and subject.path.is_dir():
            raise UserError(
                f"{printable(model)} is a SavedModel with the unchanged graph; its "
                "training is not carried over",
                expected="a Keras model for --train",
            )
        if (programs or exporters) and subject.path is not None and subject.path.is_dir():
            raise UserError(
                f"{printable(model)} is a SavedModel, which only TensorFlow runs",
                expected=f"a Keras model {'for --backend' if programs else 'to export'}",
            )
        allowed = Allowed(*tolerance) if tolerance is not None else Allowed()
        interface, inference = find_inference(
            opened,
            *_asked(opened, subject, inputs, outputs, feed),
            graph_worker,
            timeout=timeout,
        )
        plan, notes = None, list[str]()
        keep = keeps_batch(subject.report)
        try:
            plan = make_plan(opened, interface, inference, keep_batch=keep)
            try:
                with understanding():
                    carry_training(opened.graph, plan, opened.recipes(), opened.read)
            except UserError:
                if train:
                    raise
                plan = make_plan(opened, interface, inference, keep_batch=keep)
        except UnsupportedError as error:
            notes.append(f"{printable(error, 300)}: only outputs are compared, not layers.")
        feeding = None
        if train:
            if plan is None or plan.training is None:
                raise UserError(
                    f"the graph of {printable(source)} does not train this model",
                    expected="a graph with a loss and an optimizer for --train",
                )
            if unfed := [printable(t.removesuffix(":0")) for t in unfed_rates(plan)]:
                raise UserError(
                    f"the program feeds the learning rate ({', '.join(unfed)})",
                    expected="its value, for --train",
                    try_=f"--feed {unfed[0]}=VALUE",
                )
            size = fitting(plan, BATCH)
            feeding = Feeding.of(opened.graph, interface, plan, data, seed, size)
        tell({"stage": "opening"})
        run_by = f"TensorFlow {own.version(timeout)}" if own is not None else None
        source_text = _own_source(opened, interface, inference, plan, subject)
        made = Model.open(
            subject,
            model_worker,
            timeout,
            compiled=bool(train),
            source=source_text,
            trust=trust,
        )
        made.bind(interface, subject.report)
        bypass = bypassed(inference)
        original = Original(opened, interface, runner, bypass=bypass, timeout=timeout)
        if data is not None:
            given = read_data(data, interface.inputs)
        else:
            measured = (subject.report.get("parity") or {}).get("examples")
            network = plan or lift_plan(opened, interface)
            examples = examples or measured or fitting(network)
            given = random_inputs(network, examples, seed)
        comparison = Comparison(opened, interface, original, made, plan, allowed, tell)
        result = comparison.run(given, subject.pairs)
        if feeding is not None:
            assert plan is not None
            tell({"stage": "training"})
            trained = train_both(
                opened,
                interface,
                plan,
                made,
                runner,
                train,
                feeding,
                allowed,
                timeout=timeout,
            )
            turns = train_turns(
                opened, interface, plan, made, runner, train, feeding, data, allowed,
                timeout=timeout,
            )  # fmt: skip
            result = replace(result, trained=trained, turns=turns)
        common: dict[str, Any] = {
            "own": source_text if subject.code is None else subject.code.read_text("utf-8"),
            "report": subject.report,
            "timeout": timeout,
            "tell": tell,
        }
        if result.verdict is Verdict.FAIL:
            reason = "the model differs on TensorFlow already"
            result = replace(
                result,
                backends=not_compared(programs, reason),
                exports=not_exported(exporters, reason),
            )
        else:
            original.open()
            allowed = result.allowed_for_outputs
            if programs:
                found = compare_backends(
                    programs, subject, interface, given, original.run(given), result.trained,
                    allowed, plan=plan, device=device, precisions=lower, **common,
                )  # fmt: skip
                result = replace(result, backends=found)
            if exporters:
                files = export_model(
                    exporters, place, subject, interface, given, original.run(given),
                    original.run, allowed,
                    force=force, **common,
                )  # fmt: skip
                result = replace(result, exports=files)
        return replace(
            result,
            source=str(source),
            model=str(model),
            data=None if data is None else str(data),
            seed=None if data is not None else seed,
            notes=tuple(notes),
            run_by=run_by,
        )


@contextmanager
def _models_errors(model: str | Path) -> Iterator[None]:
    """What Keras or TensorFlow raise while they run the model is a fault of the model."""
    try:
        yield
    except JobError as error:
        if error.job != "model" or os.environ.get("TFMIGRATE_DEBUG"):
            raise
        raise UserError(
            f"{printable(model)} cannot be run: {printable(error.gist, 300)}",
            expected="a model that takes the inputs of the graph",
        ) from None


def _own_source(
    opened: Source,
    interface: Interface,
    inference: Inference,
    plan: Plan | None,
    subject: Subject,
) -> str | None:
    """The text of the model.py beside the model, if it is what convert-ckpt writes; else None.

    That text is ours, so it is safe to run. Any other model.py is run only as MODEL.
    """
    text = subject.source
    if text is None or plan is None:
        return None
    keep = keeps_batch(subject.report)
    without = make_plan(opened, interface, inference, keep_batch=keep)
    ours = (_code(emit_source(p, style=style)) for p in (plan, without) for style in STYLES)
    return text if _code(text) in ours else None


def _code(text: str) -> str:
    """What a source does, without what it says: notes of a conversion are in its docstrings."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = body[1:]  # type: ignore[attr-defined, index]
    return ast.dump(tree)


def _asked(
    source: Source,
    subject: Subject,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    feed: Mapping[str, Any] | None,
) -> tuple[Sequence[str] | None, Sequence[str] | None, Mapping[str, Any] | None]:
    """Inputs, outputs and feed as asked for, else as the report beside the model says."""
    assert source.graph is not None
    report = subject.report
    listed = {key: [e["tensor"] for e in report.get(key) or []] for key in ("inputs", "outputs")}
    strange = [t for tensors in listed.values() for t in tensors if t not in source.graph]
    if strange and not (inputs and outputs):
        raise UserError(
            f"the report next to the model names {printable(strange[0])}, which is not in "
            f"the graph of {printable(source.path)}",
            expected="the source of the model",
            try_="--inputs and --outputs if the graph is another form of the same network",
        )
    if listed["outputs"] and not strange:
        inputs, outputs = (
            inputs or reported_inputs(source.graph, report),
            outputs or listed["outputs"],
        )
        feed = {**(report.get("asked", report.get("fed")) or {}), **(feed or {})}
    return inputs, outputs, feed


@dataclass
class Comparison:
    """Both sides, ready to run.

    Attributes:
        plan: of the conversion, or None: then layers are only compared where pairs are given.
        tell: told of stages.
    """

    source: Source
    interface: Interface
    original: Original
    model: Model
    plan: Plan | None
    allowed: Allowed
    tell: Callable[[dict[str, Any]], None]

    def run(
        self, given: Mapping[str, np.ndarray], pairs: Sequence[Pair] = (), *, wide: bool = True
    ) -> Verification:
        """Compares outputs, layers, causes and, unless ``wide`` is false, float64.

        Args:
            given: arrays by input tensor.
            pairs: which layer stands for which tensor, where there is no plan that tells.
        """
        if self.plan is not None:
            pairs = pairs_of(self.plan, self.model.described)
        pairs = self._there(pairs)
        known = set(self.original.open([pair.tensor for pair in pairs]))
        pairs = [pair for pair in pairs if pair.tensor in known]
        self.tell({"stage": "comparing"})
        arrays = [given[i.tensor] for i in self.interface.inputs]
        expected = self.original.run(given)
        wanted = [expected[tensor] for tensor in self.interface.outputs]
        made = self.model.predict(arrays)
        measured = self._measured(wanted, made)
        holds = all(map(self.allowed.holds, measured.values()))
        layers: list[LayerDifference] = []
        causes, stopped = [], False
        if pairs:
            search = self._search(given, pairs)
            layers, _ = search.measure()
            if not holds or search.first(layers) is not None:
                search.run(lambda layer: self.tell({"stage": f"testing causes at {layer}"}))
                causes, stopped = search.causes, search.stopped
        exact = all(d.max_abs == 0 for d in measured.values())
        return Verification(
            outputs=measured,
            layers=tuple(layers),
            causes=tuple(causes),
            allowed=self.allowed,
            examples=number_of(given),
            wide=self._wide(given, arrays, wanted) if wide and not exact else None,
            unproved=no_evidence(expected),
            stopped=stopped,
        )

    def _there(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those of layers that the model has and of tensors that run with the outputs anyway.

        A report may name any other tensor of the graph, and nobody has judged what makes it.
        """
        calls = {entry["name"]: entry["calls"] for entry in self.model.described}
        assert self.source.graph is not None
        runs = running_part(self.source.graph, self.interface).nodes
        return [
            pair
            for pair in pairs
            if pair.call < calls.get(pair.layer, 0) and split_tensor(pair.tensor)[0] in runs
        ]

    def _search(self, given: Mapping[str, np.ndarray], pairs: Sequence[Pair]) -> Search:
        """As many examples as fit, all of them in most cases."""
        tensors = list(dict.fromkeys(pair.tensor for pair in pairs))
        shapes = [i.shape for i in self.interface.inputs]
        batched = bool(shapes) and all(s is not None and len(s) and s[0] is None for s in shapes)
        some = dict(given)
        if batched:
            try:
                one = self.original.run({n: a[:1] for n, a in given.items()}, tensors)
            except UserError:  # a graph that splits its batch
                one = self.original.run(given, tensors)
            size = sum(array.nbytes for array in one.values())
            some = {n: a[: max(1, _LAYER_BYTES // max(size, 1))] for n, a in given.items()}
        found = self.original.run(some, [*tensors, *self.interface.outputs])
        side = Side(
            [some[i.tensor] for i in self.interface.inputs],
            found,
            [found[tensor] for tensor in self.interface.outputs],
        )
        return Search(self.model, pairs, side, self.allowed, self.plan, self.source.read)

    def _wide(
        self,
        given: Mapping[str, np.ndarray],
        arrays: Sequence[np.ndarray],
        narrow: Sequence[np.ndarray],
    ) -> Wide:
        """Both sides again in float64, if both can; ``narrow`` is the original in float32."""
        if self.model.kind != "keras":
            return Wide(None, "the precision of a SavedModel is fixed")
        if half := next((str(a.dtype) for a in narrow if a.dtype.itemsize == 2), None):
            return Wide(None, f"the network computes in {half}")
        self.tell({"stage": "comparing in float64"})
        try:
            self.original.open(wide=True)
            expected = self.original.run(given)
            wanted = [expected[tensor] for tensor in self.interface.outputs]
            made = self.model.layers(arrays, wide=True)[1]
        except UserError as error:
            return Wide(None, error.problem)
        except RuntimeError as error:
            return Wide(None, f"Keras raises an error: {getattr(error, 'gist', error)}")
        measured = self._measured(wanted, made)
        rounding = all(d.max_abs <= _ROUNDING * d.scale for d in measured.values())
        rounding = rounding and all(np.isfinite(value).all() for value in wanted)
        moved = {
            tensor: difference(exact, rounded.astype(exact.dtype)).max_abs
            for tensor, exact, rounded in zip(self.interface.outputs, wanted, narrow, strict=True)
            if rounded.dtype.kind == "f"
        }
        return Wide(max(d.max_abs for d in measured.values()), None, rounding, moved)

    def _measured(
        self, wanted: Sequence[np.ndarray], made: Sequence[np.ndarray]
    ) -> dict[str, Difference]:
        if len(wanted) != len(made):
            raise UserError(
                f"the model has {len(made)} outputs, but the graph has {len(wanted)}",
                try_="--outputs with the tensors that correspond to the model's outputs",
            )
        pairs = zip(self.interface.outputs, wanted, made, strict=True)
        return {tensor: difference(expected, actual) for tensor, expected, actual in pairs}
