"""The pipeline: a TensorFlow 1 source in, a folder with the Keras model and its proof out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .converted import Conversion, model_report, variables_report, write_report
from .emit import source as emit_source
from .errors import UserError, printable
from .formats import format_named, whole_folder, write_formats
from .graph.inference import Inference, extract
from .graph.interface import Interface, NoNetworkError, find_interface
from .graph.safety import forbidden_operations
from .graph.variables import VARIABLE_OPS
from .layers import UnsupportedError, View, build_plan, fold_dropout
from .parity import Difference, measure
from .plan import Plan
from .plan.examples import random_inputs
from .plan.fates import fates
from .plan.mlp import forward, mlp_plan
from .sources import Source, open_source
from .worker import Worker

Event = Callable[[dict[str, Any]], None]
_BATCH_BYTES = 64 << 20  # weights that travel to the worker at once
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
    model: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    trust: bool = False,
    timeout: float = _TIMEOUT,
    on_event: Event | None = None,
) -> Conversion:
    """Converts a TensorFlow 1 checkpoint, frozen graph or SavedModel to Keras, and measures parity.

    Args:
        source: a checkpoint prefix, any of its files, a folder, a ``.meta``, a frozen ``.pb``, a
            SavedModel folder.
        output: the folder to write; ``<name>-keras`` in the working folder by default.
        inputs: tensors that become the model's inputs, where the guess is wrong.
        outputs: tensors that become its outputs.
        feed: placeholder → value, fixed for good.
        to: formats, of :data:`tfmigrate.formats.FORMATS` and "keras"; without "keras" the
            variables alone are written. By default "keras" where a model can be made of the
            source, else "npz".
        model: "mlp" where there is no graph and the variables are a chain of dense layers.
        dry_run: plan, and write nothing.
        force: replace an output of an earlier conversion.
        trust: run the original graph even if it could touch files, the network or processes.
        timeout: seconds without a sign of life after which a worker is ended.
        on_event: called with ``{"stage": …}`` as the work goes on.

    Returns:
        A result that is true where parity holds.

    Raises:
        UserError: the source cannot be read or understood, or the output cannot be written.
    """
    for name in to:
        if name != "keras":
            format_named(name)
    if model is not None and model != "mlp":
        raise UserError(f"there is no model {printable(model)!r}", expected="mlp")
    opened = open_source(source)
    folder = Path(output) if output is not None else Path(f"{opened.name}-keras")
    if folder.exists() and not force and not dry_run:
        raise UserError(
            f"{printable(folder)} exists already", try_="--force to replace it, or another -o"
        )
    tell = on_event or (lambda event: None)
    job = _Job(opened, folder, to, dry_run, force, trust, timeout, tell)
    if to and "keras" not in to:
        return job.variables([])
    if model is not None or opened.graph is None:
        return job.from_names(asked=model is not None)
    return job.from_graph(inputs, outputs, feed)


class _MissingVariablesError(UserError):
    """The checkpoint holds a part of the network only."""


@dataclass
class _Job:
    """One conversion under way."""

    source: Source
    folder: Path
    to: Sequence[str]
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
                interface = find_interface(
                    self.source.graph, inputs, outputs, feed, saved=self.source.recipes().keys()
                )
            except NoNetworkError:
                if self.source.checkpoint is None:
                    raise
                return self.variables([_NO_NETWORK])
            if not interface.inputs:
                raise UserError(
                    f"{printable(', '.join(interface.outputs))} depends on no input",
                    expected="a network, which is given something",
                    try_="--inputs and --outputs, or --to npz for the variables",
                )
            if not self.trust:
                _refuse_forbidden(self.source, interface)
            _complete_shapes(self.source, interface.outputs, graph_worker, self.timeout)
            try:
                plan, inference = _plan(self.source, interface)
            except _MissingVariablesError as error:
                if interface.how == "asked" or self.source.checkpoint is None:
                    raise
                return self.variables([f"{error.problem}, so the variables alone were written."])
            except UnsupportedError as error:
                raise UserError(
                    f"no Keras form is known for {printable(', '.join(error.ops))} "
                    f"(at {printable(error.tensor)})",
                    try_="--outputs with a tensor before it, or --to npz for the variables",
                ) from error

            def compare() -> dict[str, Difference]:
                original = _run_original(graph_worker, plan, inference, self.source, self.timeout)
                return self._differences(keras_worker, plan, *original)

            return self._write(plan, keras_worker, compare, "the original graph")

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
        with Worker("Keras") as keras_worker:

            def compare() -> dict[str, Difference]:
                given = random_inputs(plan)
                expected = forward(plan, self.source.read, given["x:0"])
                return self._differences(keras_worker, plan, given, {"logits:0": expected})

            return self._write(plan, keras_worker, compare, "the layers' formula in numpy")

    def variables(self, notes: list[str]) -> Conversion:
        """Outcome ``variables``: weights only, every one accounted for."""
        formats = [name for name in self.to if name != "keras"] or ["npz"]
        if self.source.checkpoint is None:
            raise UserError(
                f"{printable(self.source.path)} is a graph: its weights are written as a model",
                try_="--to keras",
            )
        if self.dry_run:
            return Conversion(variables_report(self.source, None, formats, notes), None)
        self.tell({"stage": "writing"})
        with whole_folder(self.folder, force=self.force) as room:
            written = write_formats(self.source.checkpoint, room, formats, roles=self.source.roles)
            report = variables_report(self.source, written, formats, notes)
            write_report(room, report)
        return Conversion(report, self.folder)

    def _write(
        self,
        plan: Plan,
        worker: Worker,
        compare: Callable[[], dict[str, Difference]],
        reference: str,
    ) -> Conversion:
        plan.fates = fates(plan, self.source.variables(), self.source.roles)
        text = emit_source(plan)
        if self.dry_run:
            return Conversion(model_report(self.source, plan, {}, None, reference), None)
        with whole_folder(self.folder, force=self.force) as room:
            self.tell({"stage": "building"})
            (room / "model.py").write_text(text, encoding="utf-8")
            paths = _build(worker, plan, self.source, text, room / "model.keras", self.timeout)
            self.tell({"stage": "comparing"})
            report = model_report(self.source, plan, paths, compare(), reference)
            formats = [name for name in self.to if name != "keras"]
            if formats and self.source.checkpoint is not None:
                written = write_formats(
                    self.source.checkpoint, room, formats, roles=self.source.roles
                )
                report["files"] |= written.files
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
            output.tensor: measure(expected[output.tensor], made[str(index)])
            for index, output in enumerate(plan.outputs)
        }


def _refuse_forbidden(source: Source, interface: Interface) -> None:
    """Refuses a graph that would do more than compute when its outputs are fetched."""
    assert source.graph is not None
    given = {*(i.tensor for i in interface.inputs), *interface.fed}
    nodes = source.graph.ancestors(interface.outputs, stop=given, control=True)
    forbidden = forbidden_operations(replace(source.graph, nodes=nodes))
    if forbidden:
        listed = ", ".join(sorted({f"{f.op} ({f.why})" for f in forbidden}))
        raise UserError(
            f"the graph does more than compute: {listed}",
            expected="a graph that touches no files, network, processes or Python code",
            try_="--trust if you know where it comes from",
        )


def _complete_shapes(
    source: Source, outputs: Sequence[str], worker: Worker, timeout: float
) -> None:
    """Lets TensorFlow infer the shapes that a frozen graph does not record."""
    graph = source.graph
    assert graph is not None
    if any("_output_shapes" in node.attrs for node in graph.nodes.values()):
        return
    request = {"path": str(source.graph_path), "tags": graph.tags, "fetches": outputs}
    reply = worker.call("rungraph", {"step": "shapes", **request}, timeout=timeout)
    shapes = {
        name: [None if s is None else tuple(s) for s in listed]
        for name, listed in reply.data["shapes"].items()
    }
    nodes = {
        name: replace(node, attrs={**node.attrs, "_output_shapes": shapes[name]})
        if name in shapes
        else node
        for name, node in graph.nodes.items()
    }
    source.graph = replace(graph, nodes=nodes)


def _plan(source: Source, interface: Interface) -> tuple[Plan, Inference]:
    graph = source.graph
    assert graph is not None
    inputs = [given.tensor for given in interface.inputs]
    inference = extract(fold_dropout(graph), inputs, interface.outputs, interface.fed)
    recipes = source.recipes()
    missing = [n.name for n in inference.graph.of(*VARIABLE_OPS) if n.name not in recipes]
    if missing:
        listed = ", ".join(printable(name) for name in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise _MissingVariablesError(
            f"{printable(', '.join(interface.outputs))} needs variables that the checkpoint does "
            f"not hold: {listed}{more}",
            try_="--outputs with a tensor that needs fewer",
        )
    sources = [inference.sources[tensor] for tensor in inference.outputs]
    plan = Plan(source.name, source.title, fed=dict(interface.fed), notes=list(interface.notes))
    build_plan(View(inference.graph, inference.inputs, sources, recipes), plan)
    plan.outputs = [
        replace(made, tensor=asked)
        for asked, made in zip(inference.outputs, plan.outputs, strict=True)
    ]
    return plan, inference


def _batches(items: Iterable[tuple[str, np.ndarray]]) -> Iterable[dict[str, np.ndarray]]:
    """Arrays in groups of bounded size, each made when it is needed."""
    group: dict[str, np.ndarray] = {}
    size = 0
    for name, array in items:
        if group and size + array.nbytes > _BATCH_BYTES:
            yield group
            group, size = {}, 0
        group[name] = array
        size += array.nbytes
    yield group


def _build(
    worker: Worker, plan: Plan, source: Source, text: str, path: Path, timeout: float
) -> dict[str, str]:
    """Builds, fills and saves the model; gives target → path of the variable in the saved model."""
    worker.call("build", {"step": "source", "source": text}, timeout=timeout)
    made = ((weight.target, weight.recipe.make(source.read)) for weight in plan.weights)
    for group in _batches(made):
        worker.call("build", {"step": "assign"}, group, timeout=timeout)
    return worker.call("build", {"step": "save", "path": str(path)}, timeout=timeout).data["paths"]


def _run_original(
    worker: Worker, plan: Plan, inference: Inference, source: Source, timeout: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Runs the original graph on random examples; gives them, and its outputs, by tensor."""
    given = random_inputs(plan)
    fetches = [output.tensor for output in plan.outputs]
    assert source.graph is not None
    request = {
        "path": str(source.graph_path),
        "tags": source.graph.tags,
        "fetches": fetches,
        "bypass": {n.name: n.inputs[0] for n in inference.graph.of("Dropout")},
    }
    worker.call("rungraph", {"step": "open", **request}, timeout=timeout)
    if source.checkpoint is not None:
        made = ((name, recipe.make(source.read)) for name, recipe in source.recipes().items())
        for group in _batches((name, array) for name, array in made if array.dtype != object):
            worker.call("rungraph", {"step": "assign"}, group, timeout=timeout)
    feeds = given | {tensor: np.asarray(value) for tensor, value in plan.fed.items()}
    reply = worker.call("rungraph", {"step": "run", "fetches": fetches}, feeds, timeout=timeout)
    return given, reply.arrays
