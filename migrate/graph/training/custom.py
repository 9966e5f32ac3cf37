"""Custom optimizers: a program assigns to weights and slots what it computes from gradients."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..constants import static_value
from ..nodes import Graph, Node, split_tensor
from ..variables import VARIABLE_OPS, GraphVariable, find_variables, resolve, variable_of
from .accumulation import Sums
from .clipping import clipped
from .gradients import Borders
from .operation import ASSIGNING
from .optimizers import Optimizer, scalar
from .updates import Update

CLASS = "Custom"
"""The class name of such an optimizer."""


@dataclass(frozen=True)
class CustomUpdate(Update):
    """One variable of such an optimizer.

    Attributes:
        assigned: "weight" and each slot → the operation that assigns it.
        given: tensors that the assigned values are computed from → "gradient", "weight", "rate",
            the slot, or the power of beta.
        passed: what an assignment of a slot gives back → the value that it assigns.
    """

    assigned: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    passed: Mapping[str, str] = field(default_factory=dict)


def find_custom(graph: Graph, trained: Collection[str]) -> Optimizer | None:
    """The optimizer that a program writes with assignments; None if there is none like that.

    Each weight is computed from its gradient, itself, variables of its shape that are assigned as
    well (slots), scalars that a step multiplies by a constant (powers of beta), constants, scalar
    variables that no step changes, and one scalar that all share: the learning rate. That depends
    on a step, or is the constant (or variable) that each weight's change is multiplied by.

    Args:
        trained: node names of variables that other optimizers update.
    """
    borders, variables = Borders(graph), find_variables(graph)
    sums = Sums(graph, borders)
    changed, powers = _assignments(graph, borders, sums), _powers(graph)
    names = {node: f"beta{number}_power" for number, node in enumerate(powers, start=1)}
    weights = [n for n in changed if variables[n].trainable and n not in trained]

    def walked(rate: str = "") -> list[_Walk] | None:
        found = [_Walk(graph, borders, variables, changed, n, names, sums, rate) for n in weights]
        return found if all(walk.understands(changed[walk.variable]) for walk in found) else None

    walks = walked()
    if not walks:
        return None
    rates = dict.fromkeys(rate for walk in walks for rate in walk.rates)
    if len(rates) > 1:  # the rate, and for some weights a multiple of it
        rates = dict.fromkeys(r for r in rates if all(r in _scaled(graph, each) for each in rates))
        walks = walked(next(iter(rates))) if len(rates) == 1 else None
    if walks is None:
        return None
    shared = next(iter(rates), None)
    factors = [shared or _factor(graph, changed[walk.variable]) for walk in walks]
    if None in factors or len({scalar(graph, str(factor)) for factor in factors}) > 1:
        return None
    updates = tuple(walk.update(str(rate)) for walk, rate in zip(walks, factors, strict=True))
    rate = str(factors[0])
    name = updates[0].node.rpartition("/")[0] or updates[0].node
    taken = {each for walk in walks for each in walk.given.values()}
    used = {names[node]: node for node in powers if names[node] in taken}
    betas = {key.removesuffix("_power"): powers[node] for key, node in used.items()}
    step = _counter(graph, rate) or _counted(graph)
    return Optimizer(name, CLASS, betas, rate, {}, used, updates, step)


def _powers(graph: Graph) -> dict[str, float]:
    """Scalar variables that a step multiplies by a constant → the constant; the least first."""
    found = {}
    for node in graph.of("Assign", "AssignVariableOp"):
        name, value = variable_of(graph, node.inputs[0]), graph.get(resolve(graph, node.inputs[1]))
        if name is None or value is None or value.op != "Mul" or graph.nodes[name].op == "Const":
            continue
        for one, other in (value.inputs, value.inputs[::-1]):
            by = scalar(graph, other)
            plain = graph.nodes[name].attrs.get("shape") == ()
            if by is not None and 0 < by < 1 and plain and variable_of(graph, one) == name:
                found[name] = by
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _assignments(graph: Graph, borders: Borders, sums: Sums) -> dict[str, Node]:
    """Variable → the one assignment that gives it what depends on gradients, or on sums of them."""
    gradients = [name for name in graph.nodes if name in borders]
    behind = graph.descendants([*gradients, *sums.emptied])
    found: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        if node.op in ASSIGNING and len(node.inputs) == 2 and node.name in behind:
            if split_tensor(node.inputs[1])[0] not in behind:
                continue  # it only waits for them
            name = variable_of(graph, node.inputs[0])
            if name is not None and name not in sums.emptied:
                found.setdefault(name, []).append(node)
    return {name: nodes[0] for name, nodes in found.items() if len(nodes) == 1}


def _factor(graph: Graph, node: Node) -> str | None:
    """The constant scalar that a weight's step is multiplied by."""
    step = graph.node(resolve(graph, node.inputs[1]))
    if node.op in ("Assign", "AssignVariableOp"):
        if step.op in ("Add", "AddV2"):  # of a velocity, as Keras's SGD has it
            step = graph.node(resolve(graph, step.inputs[1]))
        if step.op != "Sub":
            return None
        step = graph.node(resolve(graph, step.inputs[1]))
    while step.op in ("Mul", "RealDiv"):
        for tensor in step.inputs if step.op == "Mul" else ():
            value, kept = static_value(graph, tensor), variable_of(graph, tensor)
            if (value is not None and value.shape == ()) or (kept and _is_scalar(graph, kept)):
                return resolve(graph, tensor)
        step = graph.node(resolve(graph, step.inputs[0]))
    return None


def _is_scalar(graph: Graph, variable: str) -> bool:
    return graph.nodes[variable].attrs.get("shape") == ()


def _scaled(graph: Graph, tensor: str) -> list[str]:
    """A tensor, and what it is a multiple of by constants."""
    found = [tensor]
    while (node := graph.node(found[-1])).op == "Mul":
        rest = [t for t in node.inputs if scalar(graph, t) is None]
        if len(rest) != 1:
            break
        found.append(resolve(graph, rest[0]))
    return found


def _counter(graph: Graph, rate: str) -> str | None:
    """The integer variable that a learning rate depends on."""
    found = [
        node.name
        for node in graph.ancestors([rate]).values()
        if node.op in VARIABLE_OPS and str(node.attrs.get("dtype", "")).startswith("int")
    ]
    return found[0] if len(found) == 1 else None


def _counted(graph: Graph) -> str | None:
    """The integer variable that a step adds 1 to, if there is one: Keras's optimizers have it."""
    found = {
        name
        for node in graph.of("AssignAdd", "AssignAddVariableOp")
        if scalar(graph, node.inputs[1]) == 1.0
        and (name := variable_of(graph, node.inputs[0])) is not None
        and str(graph.nodes[name].attrs.get("dtype", "")).startswith("int")
    }
    return found.pop() if len(found) == 1 else None


@dataclass
class _Walk:
    """Goes back from what is assigned to one weight to all that it is computed from."""

    graph: Graph
    borders: Borders
    variables: Mapping[str, GraphVariable]
    changed: dict[str, Node]
    variable: str
    powers: Mapping[str, str]
    sums: Sums
    rate: str = ""  # where it is known
    gradient: str = ""
    slots: dict[str, None] = field(default_factory=dict)
    rates: dict[str, None] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)

    def understands(self, node: Node) -> bool:
        """Whether there is nothing else than an optimizer may take."""
        shape = self.variables[self.variable].shape
        waiting, seen = [node.inputs[1]], set[str]()
        while waiting:
            value = self._assigned_value(waiting.pop(0))
            if not value:
                return False
            tensor = resolve(self.graph, value)
            source = self.graph.node(tensor)
            if source.name in seen:
                continue
            seen.add(source.name)
            if gradient := self._as_gradient(tensor):
                self.gradient = self.gradient or tensor
                self.given[tensor] = "gradient"
                if gradient != self._as_gradient(self.gradient):
                    return False
            elif source.op in VARIABLE_OPS:
                if source.name in self.powers:
                    self.given[tensor] = self.powers[source.name]
                    continue
                if source.name == self.variable:
                    self.given[tensor] = "weight"
                    continue
                if _is_scalar(self.graph, source.name) and source.name not in self.changed:
                    continue  # a hyperparameter
                other = self.variables[source.name]
                if other.trainable or other.shape != shape or source.name not in self.changed:
                    return False
                self.given[tensor] = source.name
                if source.name not in self.slots:
                    self.slots[source.name] = None
                    waiting.append(self.changed[source.name].inputs[1])
            elif self._is_rate(tensor):
                self.rates[tensor] = None
            elif source.op == "Const":
                continue
            elif not source.inputs:
                return False
            else:
                waiting += source.inputs
        return bool(self.gradient)

    def update(self, rate: str) -> CustomUpdate:
        """What was understood, with the tensor of the learning rate."""
        slots = self._named_slots()
        names = {node: slot for slot, node in slots.items()}
        given = {tensor: names.get(name, name) for tensor, name in self.given.items()}
        assigned = {slot: self.changed[node].name for slot, node in slots.items()}
        node = self.changed[self.variable].name
        return CustomUpdate(
            self.variable,
            slots,
            self.gradient,
            None,
            node,
            {"weight": node, **assigned},
            {**given, rate: "rate"},
            self.passed,
        )

    def _assigned_value(self, tensor: str) -> str:
        """The new value of a slot or weight, if a tensor reads it after its assignment.

        "" if that adds to or subtracts from the old value.
        """
        node, found = self.graph.node(tensor), tensor
        while node.op == "Identity":
            node = self.graph.node(node.inputs[0])
        assigned = (
            self.changed.get(variable_of(self.graph, node.inputs[0]) or "") if node.inputs else None
        )
        after = node.op == "ReadVariableOp" and assigned and assigned.name in node.control_inputs
        if assigned is not None and (node is assigned or after):
            found = assigned.inputs[1] if assigned.op in ("Assign", "AssignVariableOp") else ""
        if found not in (tensor, ""):
            self.passed[tensor] = found
        return found

    def _named_slots(self) -> dict[str, str]:
        """Slots by the end of their name that follows the variable's; or numbered."""
        ends = [name.removeprefix(f"{self.variable}/") for name in self.slots]
        plain = all(end != name for end, name in zip(ends, self.slots, strict=True))
        names = ends if plain else [f"slot_{number + 1}" for number in range(len(ends))]
        return dict(zip(names, self.slots, strict=True))

    def _as_gradient(self, tensor: str) -> str | None:
        """What tf.gradients made, clipped or summed up, that a tensor is; else None."""
        node = self.graph.node(resolve(self.graph, tensor))
        while node.op == "UnsortedSegmentSum":
            node = self.graph.node(resolve(self.graph, node.inputs[0]))
        while node.name not in self.borders and (clip := clipped(self.graph, node)) is not None:
            node = self.graph.node(resolve(self.graph, clip.inner))
        if (name := self.sums.of(f"{node.name}:0")) in self.sums.emptied:
            return name
        return node.name if node.name in self.borders else None

    def _is_rate(self, tensor: str) -> bool:
        """Whether it is a scalar that depends on something, but on no gradient or weight."""
        if self.rate:
            return tensor == self.rate
        if self.graph.shape(tensor) != () or static_value(self.graph, tensor) is not None:
            return False
        behind = self.graph.ancestors([tensor])
        if any(each in self.borders or each in self.powers for each in behind):
            return False
        held = [node for node in behind.values() if node.op in VARIABLE_OPS]
        fed = any(node.op.startswith("Placeholder") for node in behind.values())
        counted = any(str(node.attrs.get("dtype")).startswith("int") for node in held)
        if not (fed or counted or not held):  # computed from hyperparameters
            return False
        return all(node.attrs.get("shape") in ((), None) for node in held)
