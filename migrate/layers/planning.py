"""From a source and its interface to a plan: the inference part of the graph, and its layers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import UserError, listed, printable, understanding
from ..graph import (
    Evaluator,
    Inference,
    Interface,
    extract,
    find_interface,
    find_open_inputs,
    find_training,
    given_tensors,
    named_shapes,
    resolve,
    split_tensor,
)
from ..graph.variables import VARIABLE_OPS
from ..plan import Input, Output, Plan, Value, Weight
from ..plan.axes import warn_of_time_first
from ..plan.batch import free_batch
from ..plan.names import identifier
from ..plan.statistics import warn_of_own_statistics
from ..sources import Source
from ..worker import Worker
from ..worker.original import complete_kinds, complete_shapes, refuse_to_run
from .dropout import fold_dropout
from .formula import detached
from .matching import build_plan
from .registry import UnsupportedError
from .replaced import with_replaced
from .view import View


class MissingVariablesError(UserError):
    """The chosen outputs need variables that the checkpoint does not hold."""


class UnplannedError(UnsupportedError):
    """Planning fails in a way that nobody foresaw: a graph that contradicts itself, or a bug."""

    def __init__(self, error: Exception):
        super().__init__([], "")
        self.args = (f"planning fails there: {type(error).__name__}: {printable(error)}",)


@understanding()
def find_inference(
    source: Source,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    feed: Mapping[str, Any] | None,
    worker: Worker,
    *,
    timeout: float | None,
) -> tuple[Interface, Inference]:
    """Where data enters and leaves, and the part between; refused before anything of it runs.

    Args:
        inputs, outputs, feed: as :func:`find_interface` takes them.
        worker: for what only TensorFlow can say of dtypes and shapes.

    Raises:
        NoNetworkError: no output can be found.
        UserError: the checkpoint contradicts the graph, or the graph cannot be understood, or
            may not run.
    """
    assert source.graph is not None
    source.refuse_contradictions()
    saved = source.recipes().keys()
    inputs, shapes = named_shapes(inputs)
    interface = find_interface(source.graph, inputs, outputs, feed, saved=saved)
    found = find_open_inputs(source.graph, [i.tensor for i in interface.inputs], shapes)
    if found.shapes:
        source.graph = found.applied(source.graph)
        interface = find_interface(source.graph, inputs, outputs, feed, saved=saved)
        interface = replace(interface, open=found, notes=(*interface.notes, *found.notes))
    refuse_to_run(source, interface)
    interface = complete_kinds(source, interface, worker, timeout)
    complete_shapes(source, interface, worker, timeout)
    return interface, inference_part(source, interface)


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
            f"{outputs} does not depend on any input",
            expected="a network with an input",
            try_="--inputs and --outputs, or --to npz for the variables",
        )
    training = find_training(source.graph)
    trained = [f"{name}:0" for t in training.trainers for name in t.optimizer.variables]
    graph, towers = source.graph, training.towers
    if towers is not None and towers.joins(graph, interface.outputs):
        graph = towers.graph
    graph = detached(with_replaced(graph), trained, interface.outputs)
    graph = fold_dropout(graph, interface.asked)
    found = extract(graph, inputs, interface.outputs, interface.fed)
    ops = {node.op for node in found.graph.nodes.values()}
    if tables := sorted(filter(_TABLES.match, ops)):
        held = [v.name for v in source.variables() if v.name.endswith("-keys")]
        saved = "contains" if held else "does not contain"
        raise UserError(
            f"{outputs} needs {', '.join(tables)}, which Keras does not have; the checkpoint "
            f"{saved} the values of these tables{f' ({printable(held[0])})' if held else ''}",
            expected="a network of variables",
            try_="--inputs with the output tensors of the tables",
        )
    if trees := sorted(filter(_TREES.match, ops)):
        raise UserError(
            f"{outputs} needs {', '.join(trees)}: decision trees, which Keras does not support",
            expected="a network of layers",
            try_="--to npz, which writes the variables; the trees are in the checkpoint",
        )
    return found


_TABLES = re.compile(r"(Mutable)?HashTable|MutableDenseHashTable")
_TREES = re.compile(r"BoostedTrees|DecisionTree|TreeEns")


def bypassed(inference: Inference) -> dict[str, str]:
    """Node → the tensor that it repeats in inference: dropouts, and ends of decided conds."""
    dropouts = {node.name: node.inputs[0] for node in inference.graph.of("Dropout")}
    return {name: cond.taken for name, cond in inference.resolved.items()} | dropouts


def make_plan(
    source: Source, interface: Interface, inference: Inference, *, keep_batch: bool = False
) -> Plan:
    """The layers, and how their weights are made.

    Args:
        keep_batch: keep a batch size that the graph fixes.

    Raises:
        MissingVariablesError: the outputs need variables that the checkpoint does not hold.
        UnsupportedError: an operation has no Keras form, or the graph contradicts itself.
    """
    try:
        return _plan(source, interface, inference, keep_batch)
    except (UserError, UnsupportedError):
        raise
    except Exception as error:
        if os.environ.get("TFMIGRATE_DEBUG"):
            raise
        raise UnplannedError(error) from error


def _plan(source: Source, interface: Interface, inference: Inference, keep_batch: bool) -> Plan:
    recipes = source.recipes()
    missing = [n.name for n in inference.graph.of(*VARIABLE_OPS) if n.name not in recipes]
    if missing:
        raise MissingVariablesError(
            f"{printable(', '.join(interface.outputs))} needs variables that the "
            f"checkpoint does not contain: {listed([printable(name) for name in missing])}",
            try_="--outputs with a tensor that needs fewer variables",
        )
    _refuse_assignments(source, interface, inference)
    sources = [inference.sources[tensor] for tensor in inference.outputs]
    plan = _new_plan(source, interface)
    trainers = find_training(source.graph).trainers if source.graph is not None else ()
    nodes = {node for trainer in trainers for node in trainer.optimizer.variables}
    trained = {name for node in nodes & recipes.keys() for name in recipes[node].sources}
    view = View(inference.graph, inference.inputs, sources, recipes)
    build_plan(view, plan, trained, source.read)
    plan.outputs = [
        replace(made, tensor=asked)
        for asked, made in zip(inference.outputs, plan.outputs, strict=True)
    ]
    always = [node for node in inference.graph.of("Dropout") if node.attrs["always"]]
    if always:
        plan.notes.append(
            f"The graph applies dropout ({listed([printable(node.name) for node in always])}) in "
            "every run. The model applies it in training only, and outputs are compared without it."
        )
    free_batch(plan, keep=keep_batch)
    warn_of_time_first(plan)
    warn_of_own_statistics(plan)
    return plan


def _doubts(interface: Interface) -> list[str]:
    """One warning, the first, where it cannot be decided which tensors are the outputs."""
    if not interface.undecided:
        return []
    return [
        (
            f"The outputs are uncertain: {interface.undecided}. Check them, and select others "
            "with --outputs."
        )
    ]


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


def lift_plan(source: Source, interface: Interface) -> Plan:
    """Inputs, outputs and weights under their own names; nothing is run."""
    plan = _new_plan(source, interface)
    taken: set[str] = set()
    for given in interface.inputs:
        name = identifier(split_tensor(given.tensor)[0], taken)
        taken.add(name)
        value = Value(given.shape, given.dtype, name)
        plan.inputs.append(Input(given.tensor, name, value))
    assert source.graph is not None
    taken = set()
    for tensor in interface.outputs:
        name = identifier(split_tensor(tensor)[0], taken, otherwise="output")
        taken.add(name)
        shape, dtype = source.graph.shape(tensor), source.graph.dtype(tensor) or "float32"
        plan.outputs.append(Output(tensor, Value(shape, dtype, name)))
    stop = given_tensors(interface)
    needed = source.graph.ancestors(interface.outputs, stop=stop, control=True)
    plan.weights = [
        Weight(name, recipe) for name, recipe in source.recipes().items() if name in needed
    ]
    return plan


def _new_plan(source: Source, interface: Interface) -> Plan:
    return Plan(
        source.name,
        source.title,
        fed=dict(interface.fed),
        notes=list(interface.notes),
        warnings=_doubts(interface),
        asked=dict(interface.asked),
        guessed=interface.guessed,
    )
