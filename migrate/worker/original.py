"""The original graph in a worker: opened with the checkpoint's values, fed, fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import UserError
from ..graph import (
    Interface,
    cut_tensors,
    drop_defaults,
    prune,
    read_definition,
    refuse_forbidden,
    split_tensor,
)
from ..graph.sources import PARSED
from ..plan import Plan
from ..plan.examples import KINDS, fitting, random_inputs
from ..sources import Source
from . import Worker, WorkerError
from .batches import batches

_TRIALS = 8  # so many sizes of a batch are tried, at most
_RUNS = 2  # of a graph that fixes the batch size, at least
_FEW_EXAMPLES = 8


def as_written(source: Source, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the graph in the file is fed for inputs: sparse tensors where dense ones stand for them.

    Serialized examples, of which only the number is asked, are empty.
    """
    folded = source.graph.folded if source.graph is not None else None
    if folded is None:
        return dict(given)
    feeds: dict[str, np.ndarray] = {}
    for tensor, array in given.items():
        parts = folded.dense.get(tensor)
        if parts is None:
            feeds[tensor] = array
            continue
        absent = parts.absent.encode() if array.dtype.kind == "S" else parts.absent
        there = array != absent
        feeds[parts.indices] = np.argwhere(there)
        feeds[parts.values] = array[there]
        feeds[parts.shape] = np.array(array.shape)
    examples = len(next(iter(given.values()))) if given else 0
    return feeds | {tensor: np.full([examples], b"") for tensor in folded.counted}


def _numbers(problem: str, tried: int) -> list[int]:
    """What may be a batch size in what TensorFlow complains of: ``16 vs. 64``."""
    found = dict.fromkeys(map(int, re.findall(r"\b[0-9]{1,4}\b", problem)))
    return [number for number in found if number not in (0, tried)][:_TRIALS]


def _joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {t: np.concatenate([np.atleast_1d(part[t]) for part in parts]) for t in parts[0]}


class Original:
    """A graph that can be run; nothing happens before :meth:`open`.

    Args:
        bypass: node of a dropout → the tensor it repeats in inference.
        constants: node of a constant → another value for it.
        gates: node → others that it waits for besides.
        timeout: seconds without a sign of life after which the worker is ended.
    """

    def __init__(
        self,
        source: Source,
        interface: Interface,
        worker: Worker,
        *,
        bypass: Mapping[str, str] | None = None,
        constants: Mapping[str, float] | None = None,
        gates: Mapping[str, Sequence[str]] | None = None,
        timeout: float | None = None,
    ):
        self._source, self._interface, self._worker = source, interface, worker
        self._request = graph_request(source, interface, bypass)
        self._request |= {"constants": dict(constants or {}), "gates": dict(gates or {})}
        self._timeout = timeout

    def open(self, layers: Sequence[str] = (), *, wide: bool = False) -> list[str]:
        """Imports what the outputs (and ``layers``, tensors) need, and restores its variables.

        Args:
            wide: in float64 what is float32.

        Returns:
            Those of ``layers`` that are there.

        Raises:
            UserError: TensorFlow cannot import the graph.
        """
        request = {"fetches": self._interface.outputs, "layers": list(layers), "wide": wide}
        opened = self._call({"step": "open", **self._request, **request})[0]
        if self._source.checkpoint is not None:
            self.assign((n, r.make(self._source.read)) for n, r in self._source.recipes().items())
        return opened["layers"]

    def assign(self, values: Iterable[tuple[str, np.ndarray]]) -> None:
        """Sets variables, by the name of their node."""
        for group in batches((name, array) for name, array in values if array.dtype != object):
            self._call({"step": "assign"}, group)

    def run(
        self, given: Mapping[str, np.ndarray], fetches: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Fetches tensors, the outputs by default; what is fed for inference is fed here too."""
        wanted = list(self._interface.outputs if fetches is None else fetches)
        fed = {tensor: np.asarray(value) for tensor, value in self._interface.fed.items()}
        feeds = {**fed, **as_written(self._source, given)}
        return self._call({"step": "run", "fetches": wanted}, feeds)[1]

    def run_random(
        self, plan: Plan, kinds: Sequence[str] = KINDS
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Random examples and the outputs they give.

        A graph may check what it is given, that a feature is whole and not below zero, say: other
        kinds of examples are tried until one is accepted. Or a state of so many rows is written in
        it, whatever its placeholders say: then as many examples are tried as it complains of.

        Raises:
            UserError: it accepts none; what it said about the first.
        """
        refused: UserError | None = None
        trials = [(kind, fitting(plan)) for kind in kinds]
        for kind, examples in trials:
            try:
                return self._run_random(plan, kind, examples)
            except WorkerError:
                raise
            except UserError as error:
                if refused is None:
                    refused = error
                    trials += [(kind, size) for size in _numbers(error.problem, examples)]
        raise refused or AssertionError("there are kinds of examples")

    def _run_random(
        self, plan: Plan, kind: str, examples: int
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """As :meth:`run_random`; in several runs where only the graph fixes the batch size."""
        fixed = next((given.batch for given in plan.inputs if given.batch), None)
        if fixed is None:
            given = random_inputs(plan, examples, kind=kind)
            return given, self.run(given)
        runs = range(max(_RUNS, _FEW_EXAMPLES // fixed))
        parts = [random_inputs(plan, fixed, seed, kind=kind) for seed in runs]
        return _joined(parts), _joined([self.run(part) for part in parts])

    def values(self, variables: Sequence[str]) -> dict[str, np.ndarray]:
        """What variables hold now, by the name of their node."""
        return self._call({"step": "values", "variables": list(variables)})[1]

    def _call(
        self, request: Mapping[str, object], arrays: Mapping[str, np.ndarray] | None = None
    ) -> tuple[dict, dict[str, np.ndarray]]:
        reply = self._worker.call("rungraph", request, arrays, timeout=self._timeout)
        return reply.data, reply.arrays


def complete_shapes(
    source: Source, interface: Interface, worker: Worker, timeout: float | None
) -> None:
    """Lets TensorFlow infer the shapes that a graph does not record: a frozen one, say.

    Raises:
        UserError: the graph cannot be imported, or may not run.
    """
    graph = source.graph
    assert graph is not None
    recorded = any("_output_shapes" in node.attrs for node in graph.nodes.values())
    if recorded and not interface.open.shapes:
        return
    request = {**graph_request(source, interface), "fetches": interface.outputs}
    reply = worker.call("rungraph", {"step": "shapes", **request}, timeout=timeout)
    shapes = {
        name: [None if s is None else tuple(s) for s in sizes]
        for name, sizes in reply.data["shapes"].items()
    }
    nodes = {
        name: replace(node, attrs={**node.attrs, "_output_shapes": shapes[name]})
        if name in shapes
        else node
        for name, node in graph.nodes.items()
    }
    source.graph = replace(graph, nodes=nodes)


def complete_kinds(
    source: Source, interface: Interface, worker: Worker, timeout: float | None
) -> Interface:
    """Lets TensorFlow say the dtype of inputs that are no placeholders: outputs of a pipeline."""
    graph = source.graph
    assert graph is not None
    pipelines = [
        i.tensor
        for i in interface.inputs
        if not graph.node(i.tensor).op.startswith(("Placeholder", PARSED))
    ]
    if not pipelines:
        return interface
    request = {**graph_request(source, interface), "tensors": pipelines}
    kinds = worker.call("rungraph", {"step": "kinds", **request}, timeout=timeout).data["kinds"]
    inputs = tuple(replace(i, dtype=kinds.get(i.tensor, i.dtype)) for i in interface.inputs)
    return replace(interface, inputs=inputs)


def refuse_to_run(source: Source, interface: Interface) -> None:
    """Refuses a graph that may not run; the worker judges again what it imports.

    Raises:
        UserError: naming the operations.
    """
    if source.trusted:
        return
    request = graph_request(source, interface)
    definition = read_definition(request["path"], request["tags"])
    drop_defaults(definition, request["given"])
    prune(definition, [*interface.outputs, *request["initializers"]], request["given"])
    refuse_forbidden("the graph", definition)


def graph_request(
    source: Source, interface: Interface, bypass: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a worker is told to import the part of a graph that is run."""
    graph = source.graph
    assert graph is not None
    return {
        "path": str(source.graph_path),
        "tags": graph.tags,
        "given": cut_tensors(graph, interface),
        "shapes": {split_tensor(t)[0]: s for t, s in interface.open.shapes.items()},
        "bypass": {**interface.open.repeats, **(bypass or {})},
        "initializers": list(graph.folded.initializers) if graph.folded is not None else [],
        "trust": source.trusted,
    }
