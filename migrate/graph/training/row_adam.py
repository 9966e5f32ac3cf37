"""Adam on rows of a table, written in plain operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..nodes import Graph, Node
from ..variables import resolve, variable_of
from .updates import Reading, Update, factors, made_by

LAZY = "lazy"
"""A flag of Adam: rows that a batch does not name keep their moments."""


@dataclass(frozen=True)
class _AdamStep:
    """The parts of a step of Adam that is written in plain operations."""

    moments: tuple[str, str]  # m and v
    learning_rate: str
    epsilon: str
    shared: dict[str, str]

    def parameters(self, decays: Mapping[str, str]) -> dict[str, str]:
        betas = dict(sorted(decays.items()))
        return {"learning_rate": self.learning_rate, **betas, "epsilon": self.epsilon}


def _adam_step(graph: Graph, tensor: str) -> _AdamStep | None:
    """``(lr * sqrt(1 - beta2_power) / (1 - beta1_power)) * m / (sqrt(v) + epsilon)``."""
    step = made_by(graph, tensor, ("RealDiv",))
    scaled = step and factors(graph, step.inputs[0])
    denominator = step and made_by(graph, step.inputs[1], ("Add", "AddV2"))
    if not scaled or denominator is None:
        return None
    root = made_by(graph, denominator.inputs[0], ("Sqrt",))
    rate = made_by(graph, scaled[0], ("RealDiv",))
    rate_factors = rate and factors(graph, rate.inputs[0])
    if root is None or rate is None or not rate_factors:
        return None
    correction = made_by(graph, rate.inputs[1], ("Sub",))
    root_correction = made_by(graph, rate_factors[1], ("Sqrt",))
    inner = root_correction and made_by(graph, root_correction.inputs[0], ("Sub",))
    if correction is None or inner is None:
        return None
    shared = {
        "beta1_power": variable_of(graph, correction.inputs[1]) or "",
        "beta2_power": variable_of(graph, inner.inputs[1]) or "",
    }
    return _AdamStep(
        (scaled[1], root.inputs[0]),
        rate_factors[0],
        denominator.inputs[1],
        {name: found for name, found in shared.items() if found},
    )


def read_lazy_adam(graph: Graph, node: Node) -> Reading | None:
    """Adam that changes no other rows, nor their moments: LazyAdamOptimizer of tf.contrib."""
    variable = variable_of(graph, node.inputs[0]) if len(node.inputs) == 3 else None
    step = _adam_step(graph, node.inputs[2]) if "/update_" in node.name and variable else None
    if step is None or variable is None:
        return None
    scope = node.name.rpartition("/")[0]
    slots, decays, gradient = {}, {}, ""
    for slot, decay, moment in zip("mv", ("beta1", "beta2"), step.moments, strict=True):
        found = _updated_rows(graph, moment, scope)
        total = found and made_by(graph, found.inputs[2], ("Add", "AddV2"))
        kept, added = (factors(graph, each) for each in total.inputs) if total else (None, None)
        if found is None or kept is None or added is None:
            return None
        slots[slot], decays[decay] = variable_of(graph, found.inputs[0]) or "", kept[0]
        gradient = gradient or added[1]
    update = Update(variable, slots, gradient, node.inputs[1], node.name)
    flags = {"use_nesterov": False, LAZY: True}
    return Reading("Adam", update, step.parameters(decays), flags, step.shared)


def _updated_rows(graph: Graph, tensor: str, scope: str) -> Node | None:
    """The scatter_update in a scope that gives a slot the rows that a tensor is."""
    gathered = made_by(graph, tensor, ("Gather", "GatherV2", "ResourceGather"))
    scatter = gathered and made_by(graph, gathered.inputs[0], ("ScatterUpdate",))
    if scatter:
        return scatter
    value = resolve(graph, tensor)
    nodes = (n for n in graph.of("ResourceScatterUpdate") if n.name.startswith(f"{scope}/"))
    return next((n for n in nodes if resolve(graph, n.inputs[2]) == value), None)


def read_sparse_adam(graph: Graph, node: Node) -> Reading | None:
    """Adam on rows, as tf.train.AdamOptimizer._apply_sparse_shared writes it."""
    if "/update_" not in node.name or len(node.inputs) != 2:
        return None
    variable, step = variable_of(graph, node.inputs[0]), _adam_step(graph, node.inputs[1])
    if variable is None or step is None:
        return None
    first, second = (_scattered(graph, moment) for moment in step.moments)
    if first is None or second is None:
        return None
    scope = node.name.rpartition("/")[0]
    moments = [n for n in graph.of("Assign", "AssignVariableOp") if n.name.startswith(scope + "/")]
    decays = {}
    for moment in moments:
        target = variable_of(graph, moment.inputs[0])
        decay = factors(graph, moment.inputs[1])
        if decay is not None and target in (first[0], second[0]):
            decays["beta1" if target == first[0] else "beta2"] = decay[1]
    gradient = factors(graph, first[2])
    update = Update(
        variable, {"m": first[0], "v": second[0]}, gradient[0] if gradient else first[2], first[1],
        node.name,
    )  # fmt: skip
    flags = {"use_nesterov": False}
    return Reading("Adam", update, step.parameters(decays), flags, step.shared)


def _scattered(graph: Graph, tensor: str) -> tuple[str, str, str] | None:
    """Variable, rows and addend of the scatter_add whose result a tensor is."""
    node = graph.get(tensor)
    while node is not None and node.op == "Identity":
        node = graph.get(node.inputs[0])
    if node is not None and node.op == "ReadVariableOp":
        scatters = (graph.get(name) for name in node.control_inputs)
        node = next((n for n in scatters if n and n.op == "ResourceScatterAdd"), None)
    if node is None or node.op not in ("ScatterAdd", "ResourceScatterAdd"):
        return None
    variable = variable_of(graph, node.inputs[0])
    return None if variable is None else (variable, node.inputs[1], node.inputs[2])
