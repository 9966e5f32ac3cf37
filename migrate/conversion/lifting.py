"""What of a graph is lifted, the worker that does it, and the comparison with the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import Interface, find_frozen_weights, find_variables, resolve, split_tensor
from ..layers.planning import lift_plan
from ..plan import Plan
from ..plan.examples import number_of, random_inputs
from ..sources import Source
from ..verification import Allowed, Measured, difference
from ..worker import JobError, Worker, WorkerError
from ..worker.disk import CANNOT_WRITE
from ..worker.original import Original, graph_request

_TABLES = ("Gather", "GatherV2", "ResourceGather")


class NotLiftedError(UserError):
    """TensorFlow cannot import or lift the graph."""


@dataclass
class Lifted:
    """A graph that was lifted.

    Attributes:
        plan: inputs, outputs and weights under their names in the graph; no calls.
        gradients: ``with`` and ``without``: names of trainable variables that the outputs' sum has
            a gradient for or not; ``reason``: why none has, or None.
        given: random examples, by tensor; the worker's ``predict`` runs the opened SavedModel.
    """

    plan: Plan
    gradients: dict[str, Any] = field(default_factory=dict)
    given: dict[str, np.ndarray] = field(default_factory=dict)


def lift(
    source: Source,
    interface: Interface,
    folder: Path,
    worker: Worker,
    *,
    bypass: Mapping[str, str],
    timeout: float,
) -> Lifted:
    """Writes ``folder``, a SavedModel, and opens it in the worker.

    Args:
        bypass: node of a dropout → the tensor it repeats in inference.

    Raises:
        NotLiftedError: TensorFlow cannot import or lift the graph.
        WorkerError: the worker died or hung.
        UserError: the disk refuses to hold the SavedModel.
    """
    try:
        return _lift(source, interface, folder, worker, bypass, timeout)
    except JobError as error:
        raise NotLiftedError(f"TensorFlow cannot lift the graph: {error.gist}") from error
    except WorkerError:
        raise
    except UserError as error:
        if error.problem.startswith(CANNOT_WRITE):
            raise
        raise NotLiftedError(error.problem, expected=error.expected, try_=error.try_) from error


def _lift(
    source: Source,
    interface: Interface,
    folder: Path,
    worker: Worker,
    bypass: Mapping[str, str],
    timeout: float,
) -> Lifted:
    assert source.graph is not None
    plan = lift_plan(source, interface)
    found = {**find_variables(source.graph), **find_frozen_weights(source.graph)}
    folded = source.graph.folded
    dense = {} if folded is None else folded.dense
    request = {
        **graph_request(source, interface, bypass),
        "inputs": [
            {
                "tensor": i.tensor,
                "name": i.name,
                "shape": i.value.shape,
                "dtype": i.value.dtype,
                "sparse": asdict(dense[i.tensor]) if i.tensor in dense else None,
            }
            for i in plan.inputs
        ],
        "counted": [] if folded is None else list(folded.counted),
        "outputs": [{"tensor": o.tensor, "name": o.value.hint} for o in plan.outputs],
        "fed": {
            tensor: {"value": value, "dtype": source.graph.dtype(tensor) or "float32"}
            for tensor, value in plan.fed.items()
        },
        "trainable": [w.target for w in plan.weights if found[w.target].trainable],
    }
    worker.call("lift", {"step": "open", **request}, timeout=timeout)
    for weight in plan.weights:
        made = {weight.target: weight.recipe.make(source.read)}
        worker.call("lift", {"step": "assign"}, made, timeout=timeout)
    lifted = Lifted(plan, given=random_inputs(plan, bounds=_bounds(source, plan)))
    numbered = {str(index): array for index, array in enumerate(lifted.given.values())}
    request = {"step": "save", "path": str(folder)}
    reply = worker.call("lift", request, numbered, timeout=timeout)
    lifted.gradients = reply.data["gradients"]
    return lifted


def _bounds(source: Source, plan: Plan) -> dict[str, int]:
    """The rows of the smallest table that each integer input is looked up in."""
    assert source.graph is not None
    graph, recipes = source.graph, source.recipes()
    found: dict[str, int] = {}
    for node in graph.of(*_TABLES):
        if len(node.inputs) < 2:  # damaged; TensorFlow will say so
            continue
        table, rows = resolve(graph, node.inputs[0]), graph.shape(node.inputs[0])
        name = split_tensor(table)[0]
        size = recipes[name].shape[0] if name in recipes else (rows or (None,))[0]
        for given in plan.inputs:
            reached = _integers_behind(source, node.inputs[1])
            if size and given.tensor in reached:
                found[given.tensor] = min(size, found.get(given.tensor, size))
    return found


def _integers_behind(source: Source, tensor: str) -> set[str]:
    """The tensors whose integers a tensor holds, shaped or moved otherwise."""
    assert source.graph is not None
    found, waiting = set(), [tensor]
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        node = source.graph.get(at)
        kind = source.graph.dtype(at) or ""
        if node is not None and kind.startswith(("int", "uint")):
            waiting.extend(node.inputs)
    return found


def compare_lifted(
    source: Source, lifted: Lifted, original: Original, worker: Worker, timeout: float | None
) -> Measured:
    """A difference for each output, or why there is none."""
    numbered = {str(index): array for index, array in enumerate(lifted.given.values())}
    try:
        made = worker.call("lift", {"step": "predict"}, numbered, timeout=timeout).arrays
        original.open()
        expected = original.run(lifted.given)
        measured = {
            output.tensor: difference(expected[output.tensor], made[str(index)])
            for index, output in enumerate(lifted.plan.outputs)
        }
        if all(map(Allowed().holds, measured.values())):
            return Measured(measured, examples=number_of(lifted.given))
        again = original.run(lifted.given)
        if all(Allowed().holds(difference(expected[t], again[t])) for t in expected):
            return Measured(measured, examples=number_of(lifted.given))
    except WorkerError:
        raise
    except UserError as error:
        return Measured(None, f"on random inputs {error.problem}")
    return Measured(None, _why_unsteady(source, lifted))


def _why_unsteady(source: Source, lifted: Lifted) -> str:
    """Why the original gives other numbers in every run."""
    assert source.graph is not None
    nodes = source.graph.ancestors([o.tensor for o in lifted.plan.outputs], control=True)
    changes = [node for node in nodes.values() if node.op.startswith("Assign")]
    why = "it draws random numbers"
    if changes:
        why = f"{printable(changes[0].name)} assigns a variable"
    return f"the original returns different outputs in every run, because {why}"
