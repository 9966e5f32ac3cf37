"""What each variable of a checkpoint is for, read from the graph."""

from __future__ import annotations

from collections.abc import Iterable

from ...checkpoint.roles import Role
from ..nodes import Graph
from ..variables import GraphVariable, find_variables, resolve, variable_of
from .accumulation import read_accumulation
from .gradients import Borders
from .optimizers import Optimizer, find_optimizers

_INTEGERS = ("int32", "int64", "uint8", "int16", "int8")


def roles_from_graph(
    graph: Graph,
    checkpoint_names: Iterable[str],
    optimizers: tuple[Optimizer, ...] | None = None,
) -> dict[str, Role]:
    """The roles of those checkpoint variables that the graph knows; others are left out.

    Args:
        checkpoint_names: keys of the checkpoint.
        optimizers: of the graph, if already read.
    """
    variables = find_variables(graph)
    keys = {name: variable.key for name, variable in variables.items()}
    by_node: dict[str, Role] = {}
    for name, source in _averages(graph, variables).items():
        by_node[name] = Role("moving_average", of=source, evidence="graph")
    if optimizers is None:
        optimizers = find_optimizers(graph)
    borders = Borders(graph)
    seen: dict[tuple[str, str], list[list[str]]] = {}
    for optimizer in optimizers:
        for update in optimizer.updates:
            # A graph that was built several times applies all its optimizers to the same slots.
            slots = list(update.slots.values())
            groups = seen.setdefault((optimizer.class_name, update.variable), [])
            if slots not in groups:
                groups.append(slots)
            instance = groups.index(slots)
            for slot, name in update.slots.items():
                of = keys.get(update.variable)
                by_node[name] = Role(
                    "slot", optimizer.class_name, slot, of, instance, evidence="graph"
                )
            for slot, name in optimizer.shared.items():
                by_node[name] = Role(
                    "bookkeeping", optimizer.class_name, slot, instance=instance, evidence="graph"
                )
        for slot, tensor in optimizer.computed.items():
            held = variable_of(graph, tensor)
            if held is not None:
                by_node.setdefault(
                    held, Role("bookkeeping", optimizer.class_name, slot, evidence="graph")
                )
        if optimizer.step is not None:
            by_node[optimizer.step] = Role("step", evidence="graph")
        found = read_accumulation(graph, optimizer, borders)
        for trained, held in found[1].sums.items() if found is not None else ():
            of = keys.get(trained)
            by_node[held] = Role("slot", optimizer.class_name, "gradient_sum", of, evidence="graph")
    for name in _steps(graph, variables):
        by_node.setdefault(name, Role("step", evidence="graph"))
    roles: dict[str, Role] = {}
    wanted = set(checkpoint_names)
    for name, variable in variables.items():
        if variable.key in wanted:
            known = by_node.get(name) or _plain(variable)
            if known is not None:
                roles.setdefault(variable.key, known)
    return roles


def _plain(variable: GraphVariable) -> Role | None:
    """A weight, unless nothing tells it from a flag or counter."""
    if variable.trainable:
        return Role("weight", evidence="graph")
    if variable.dtype == "bool" or (variable.dtype in _INTEGERS and variable.shape == ()):
        return Role("bookkeeping", evidence="graph")
    return None  # the name may tell more


def _steps(graph: Graph, variables: dict[str, GraphVariable]) -> list[str]:
    """Variables in the collection ``global_step``."""
    entries = graph.collections.get("global_step", ())
    names = [getattr(entry, "variable", entry) for entry in entries]
    nodes = (graph.get(name) for name in names if isinstance(name, str))
    return [node.name for node in nodes if node is not None and node.name in variables]


def _averages(graph: Graph, variables: dict[str, GraphVariable]) -> dict[str, str | None]:
    """Moving averages → the key of what they average.

    They are updated by ``average -= (average - value) * (1 - decay)``.

    Where the value is a variable, the average is its shadow; else (a batch's mean) it is a
    statistic that the network itself uses.
    """
    found: dict[str, str | None] = {}
    for node in graph.of("AssignSub", "AssignSubVariableOp"):
        if len(node.inputs) != 2:
            continue
        average = variable_of(graph, node.inputs[0])
        product = graph.get(resolve(graph, node.inputs[1]))
        if average is None or product is None or product.op != "Mul":
            continue
        for tensor in product.inputs:
            difference = graph.get(resolve(graph, tensor))
            if (
                difference is not None
                and difference.op == "Sub"
                and len(difference.inputs) == 2
                and variable_of(graph, difference.inputs[0]) == average
            ):
                source = variable_of(graph, difference.inputs[1])
                found[average] = variables[source].key if source in variables else None
    return found
