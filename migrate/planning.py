"""From a source and its interface to a plan: refusals, shapes, the inference part, layers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from .errors import UserError, listed, printable
from .graph import (
    Evaluator,
    ForbiddenOperation,
    Graph,
    Interface,
    find_interface,
    forbidden_operations,
    resolve,
    split_tensor,
)
from .graph.inference import Inference, extract
from .graph.reading import read_saved_model
from .graph.saved_model import forbidden_in_saved_model
from .graph.sources import PARSED
from .graph.training import find_training
from .graph.variables import VARIABLE_OPS
from .layers import UnsupportedError, View, build_plan, fold_dropout
from .layers.formula import detached
from .plan import Plan
from .plan.batch import free_batch
from .sources import Source
from .worker import Worker


class MissingVariablesError(UserError):
    """The chosen outputs need variables that the checkpoint does not hold."""


class UnplannedError(UnsupportedError):
    """Planning fails in a way that nobody foresaw: a graph that contradicts itself, or a bug."""

    def __init__(self, error: Exception):
        super().__init__([], "")
        self.args = (f"planning fails at it: {type(error).__name__}: {printable(error)}",)


@contextmanager
def understanding() -> Iterator[None]:
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


@understanding()
def find_inference(
    source: Source,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    feed: Mapping[str, Any] | None,
    worker: Worker,
    *,
    trust: bool,
    timeout: float | None,
) -> tuple[Interface, Inference]:
    """Where data enters and leaves, and the part between; refused before anything of it runs.

    Args:
        inputs, outputs, feed: as :func:`find_interface` takes them.
        worker: for what only TensorFlow can say of dtypes and shapes.
        trust: whatever it would do.

    Raises:
        NoNetworkError: no output can be found.
        UserError: the graph cannot be understood, or does more than compute.
    """
    assert source.graph is not None
    saved = source.recipes().keys()
    interface = find_interface(source.graph, inputs, outputs, feed, saved=saved)
    if not trust:
        refuse_forbidden(source, interface)
    interface = complete_kinds(source, interface, worker, timeout)
    complete_shapes(source, interface, worker, timeout)
    return interface, inference_part(source, interface)


def refuse_forbidden(source: Source, interface: Interface) -> None:
    """Refuses a graph that would do more than compute when its outputs are fetched.

    Raises:
        UserError: naming the operations.
    """
    _refuse("the graph", forbidden_operations(running_part(source, interface)))


@understanding()
def refuse_saved_model(folder: Path) -> None:
    """Refuses a SavedModel that would do more than compute when it is opened and called.

    Raises:
        UserError: naming the operations; or it cannot be read.
    """
    for graph in read_saved_model(folder):
        _refuse(printable(folder), forbidden_in_saved_model(graph))


def _refuse(what: str, forbidden: Sequence[ForbiddenOperation]) -> None:
    if forbidden:
        found = ", ".join(sorted({f"{f.op} ({f.why})" for f in forbidden}))
        raise UserError(
            f"{what} does more than compute: {found}",
            expected="a graph that touches no files, network, processes or Python code",
            try_="--trust if you know where it comes from",
        )


def running_part(source: Source, interface: Interface) -> Graph:
    """What of the file runs when the outputs are fetched; nothing else has been judged."""
    assert source.graph is not None
    folded = source.graph.folded
    graph = source.graph if folded is None else folded.written
    wanted = [*interface.outputs, *(folded.initializers if folded is not None else ())]
    nodes = graph.ancestors(wanted, stop=_cut(source, interface), control=True)
    return replace(graph, nodes=nodes)


def given_tensors(interface: Interface) -> set[str]:
    """Inputs and what is fed: what makes these tensors is not run."""
    return {*(given.tensor for given in interface.inputs), *interface.fed}


def _cut(source: Source, interface: Interface) -> dict[str, str]:
    """The tensors of the file that are given, with their dtypes; sparse ones by their parts."""
    graph = source.graph
    assert graph is not None
    given = {tensor: graph.dtype(tensor) or "float32" for tensor in sorted(interface.fed)}
    for i in interface.inputs:
        parts = graph.folded.dense.get(i.tensor) if graph.folded is not None else None
        if parts is None:
            given[i.tensor] = i.dtype
        else:
            given |= {parts.indices: "int64", parts.values: i.dtype, parts.shape: "int64"}
    return given


def complete_shapes(
    source: Source, interface: Interface, worker: Worker, timeout: float | None
) -> None:
    """Lets TensorFlow infer the shapes that a frozen graph does not record.

    Call :func:`refuse_forbidden` before: importing a graph already computes with its constants.
    """
    graph = source.graph
    assert graph is not None
    if any("_output_shapes" in node.attrs for node in graph.nodes.values()):
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


def graph_request(
    source: Source, interface: Interface, bypass: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a worker is told to import the part of a graph that is run."""
    graph = source.graph
    assert graph is not None
    return {
        "path": str(source.graph_path),
        "tags": graph.tags,
        "given": _cut(source, interface),
        "bypass": dict(bypass or {}),
        "initializers": list(graph.folded.initializers) if graph.folded is not None else [],
    }


def inference_part(source: Source, interface: Interface) -> Inference:
    """The part that makes the outputs from the inputs, dropouts folded into one node each.

    Raises:
        UserError: an input is missing, the graph is not one, or what it computes is no network:
            nothing is given to it, or it looks things up in tables that no checkpoint holds.
    """
    assert source.graph is not None
    inputs = [given.tensor for given in interface.inputs]
    outputs = printable(", ".join(interface.outputs))
    if not inputs:
        raise UserError(
            f"{outputs} depends on no input",
            expected="a network, which is given something",
            try_="--inputs and --outputs, or --to npz for the variables",
        )
    trainers = find_training(source.graph).trainers
    trained = [f"{name}:0" for t in trainers for name in t.optimizer.variables]
    graph = fold_dropout(detached(source.graph, trained))
    found = extract(graph, inputs, interface.outputs, interface.fed)
    tables = sorted({node.op for node in found.graph.nodes.values() if _TABLES.match(node.op)})
    if tables:
        raise UserError(
            f"{outputs} needs {', '.join(tables)}, whose contents no checkpoint holds",
            expected="a network of variables",
            try_="--inputs with the tensors behind the tables",
        )
    return found


_TABLES = re.compile(r"(Mutable)?HashTable|MutableDenseHashTable|BoostedTrees|DecisionTree|TreeEns")


def bypassed(inference: Inference) -> dict[str, str]:
    """Node → the tensor that it repeats in inference: dropouts, and ends of decided conds."""
    dropouts = {node.name: node.inputs[0] for node in inference.graph.of("Dropout")}
    return {name: cond.taken for name, cond in inference.resolved.items()} | dropouts


def make_plan(source: Source, interface: Interface, inference: Inference) -> Plan:
    """The layers, and how their weights are made.

    Raises:
        MissingVariablesError: the outputs need variables that the checkpoint does not hold.
        UnsupportedError: an operation has no Keras form, or the graph contradicts itself.
    """
    try:
        return _plan(source, interface, inference)
    except (UserError, UnsupportedError):
        raise
    except Exception as error:
        if os.environ.get("TFMIGRATE_DEBUG"):
            raise
        raise UnplannedError(error) from error


def _plan(source: Source, interface: Interface, inference: Inference) -> Plan:
    recipes = source.recipes()
    missing = [n.name for n in inference.graph.of(*VARIABLE_OPS) if n.name not in recipes]
    if missing:
        raise MissingVariablesError(
            f"{printable(', '.join(interface.outputs))} needs variables that the checkpoint does "
            f"not hold: {listed([printable(name) for name in missing])}",
            try_="--outputs with a tensor that needs fewer",
        )
    _refuse_assignments(source, interface, inference)
    sources = [inference.sources[tensor] for tensor in inference.outputs]
    plan = Plan(source.name, source.title, fed=dict(interface.fed), notes=list(interface.notes))
    build_plan(View(inference.graph, inference.inputs, sources, recipes), plan)
    plan.outputs = [
        replace(made, tensor=asked)
        for asked, made in zip(inference.outputs, plan.outputs, strict=True)
    ]
    free_batch(plan)
    return plan


def _refuse_assignments(source: Source, interface: Interface, inference: Inference) -> None:
    """Outputs that change a variable they read, each time they are run, have no Keras form.

    Raises:
        UnsupportedError: naming the operation.
    """
    graph = source.graph
    assert graph is not None
    nodes = graph.ancestors(interface.outputs, stop=given_tensors(interface), control=True)
    changes = [node for node in nodes.values() if node.op.startswith("Assign")]
    if not changes:
        return
    read = {node.name for node in inference.graph.of(*VARIABLE_OPS)}
    evaluator = Evaluator(graph, interface.fed)
    for node in changes:
        changed = split_tensor(resolve(graph, node.inputs[0]))[0]
        if changed in read and not evaluator.is_dead(node.inputs[1]):
            raise UnsupportedError([node.op], f"{node.name}:0")
