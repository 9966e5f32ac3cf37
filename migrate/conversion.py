"""The pipeline: a TensorFlow 1 source in, a folder with the Keras model and its proof out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .converted import Conversion, graph_report
from .emit import source as emit_source
from .errors import UserError, printable
from .formats.atomic import whole_folder
from .graph.inference import Inference, extract
from .layers import View, build_plan, fold_dropout
from .parity import Difference, measure
from .plan import Plan
from .plan.examples import EXAMPLES, random_inputs
from .plan.fates import fates
from .sources import Source, open_source
from .worker import Worker

Event = Callable[[dict[str, Any]], None]
_BATCH_BYTES = 64 << 20  # weights that travel to the worker at once
_TIMEOUT = 300.0


def convert(
    source: str | Path,
    output: str | Path | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
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
    tell = on_event or (lambda event: None)
    opened = open_source(source)
    folder = Path(output) if output is not None else Path(f"{opened.name}-keras")
    if folder.exists() and not force and not dry_run:
        raise UserError(
            f"{printable(folder)} exists already", try_="--force to replace it, or another -o"
        )
    if opened.graph is None:
        raise UserError(
            f"there is no graph beside {printable(source)}", expected=f"{printable(source)}.meta"
        )
    tell({"stage": "planning"})
    # TensorFlow is imported there while the plan is made here.
    with Worker("Keras") as keras_worker, Worker("graph") as graph_worker:
        _complete_shapes(opened, outputs, graph_worker, timeout)
        plan, inference = _plan(opened, inputs, outputs, feed)
        text = emit_source(plan)
        plan.fates = fates(plan, opened.variables(), {})
        if dry_run:
            return Conversion(graph_report(opened, plan, {}, None), None)
        with whole_folder(folder, force=force) as room:
            tell({"stage": "building"})
            (room / "model.py").write_text(text, encoding="utf-8")
            paths = _build(keras_worker, plan, opened, text, room / "model.keras", timeout)
            tell({"stage": "comparing"})
            differences = _compare(keras_worker, graph_worker, plan, inference, opened, timeout)
            report = graph_report(opened, plan, paths, differences)
            (room / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    tell({"stage": "done"})
    return Conversion(report, folder)


def _complete_shapes(
    source: Source, outputs: Sequence[str] | None, worker: Worker, timeout: float
) -> None:
    """Lets TensorFlow infer the shapes that a frozen graph does not record."""
    graph = source.graph
    assert graph is not None
    if not outputs or any("_output_shapes" in node.attrs for node in graph.nodes.values()):
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


def _plan(
    source: Source,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    feed: Mapping[str, Any] | None,
) -> tuple[Plan, Inference]:
    graph = source.graph
    assert graph is not None
    folded = fold_dropout(graph)
    if not inputs or not outputs:
        raise UserError("name --inputs and --outputs")
    found = extract(folded, inputs, outputs, feed)
    view = View(
        found.graph, found.inputs, [found.sources[t] for t in found.outputs], source.recipes()
    )
    plan = Plan(source.name, f"{source.path.name or source.path}")
    plan.fed = dict(feed or {})
    build_plan(view, plan)
    plan.outputs = [
        type(made)(asked, made.value)
        for asked, made in zip(found.outputs, plan.outputs, strict=True)
    ]
    return plan, found


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


def _compare(
    keras_worker: Worker,
    graph_worker: Worker,
    plan: Plan,
    inference: Inference,
    source: Source,
    timeout: float,
) -> dict[str, Difference]:
    """Runs the original and the model on the same random examples; a difference for each output."""
    given = random_inputs(plan, EXAMPLES)
    fetches = [output.tensor for output in plan.outputs]
    bypass = {n.name: n.inputs[0] for n in inference.graph.nodes.values() if n.op == "Dropout"}
    assert source.graph is not None
    graph_worker.call(
        "rungraph",
        {
            "step": "open",
            "path": str(source.graph_path),
            "tags": source.graph.tags,
            "fetches": fetches,
            "bypass": bypass,
        },
        timeout=timeout,
    )
    if source.checkpoint is not None:
        recipes = source.recipes().items()
        values = ((name, recipe.make(source.read)) for name, recipe in recipes)
        for group in _batches((n, v) for n, v in values if v.dtype != object):
            graph_worker.call("rungraph", {"step": "assign"}, group, timeout=timeout)
    feeds = given | {tensor: np.asarray(value) for tensor, value in plan.fed.items()}
    expected = graph_worker.call(
        "rungraph", {"step": "run", "fetches": fetches}, feeds, timeout=timeout
    ).arrays
    numbered = {str(index): array for index, array in enumerate(given.values())}
    actual = keras_worker.call("build", {"step": "predict"}, numbered, timeout=timeout).arrays
    return {
        tensor: measure(expected[tensor], actual[str(index)])
        for index, tensor in enumerate(fetches)
    }
