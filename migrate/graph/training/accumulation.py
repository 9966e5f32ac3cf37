"""Accumulated gradients: a program adds them up in variables and applies the sums every few steps.

The sums are applied in a tf.cond that goes by a counter, or by an operation that the program runs
when it likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..conds import before_switch
from ..constants import Evaluator, static_value
from ..nodes import Graph, Node, split_tensor
from ..variables import VARIABLE_OPS, find_variables, resolve, variable_of
from .clipping import Clipping
from .gradients import Between, Borders, between, clipping_of
from .optimizers import Optimizer
from .updates import Update

_ADDING = ("AssignAdd", "AssignAddVariableOp")
_SETTING = ("Assign", "AssignVariableOp")
_SUMS = ("Add", "AddV2", "AddN")
_SWITCHES = ("Switch", "RefSwitch")
_LONGEST = 1000  # steps of a round that are looked for


@dataclass(frozen=True)
class Counter:
    """What decides in which steps the sums are applied.

    Attributes:
        variable: node name of an integer variable.
        predicate: of the tf.cond that applies.
        graph: in which assignments give what they assign.
        ends: assignments of the counter.
    """

    variable: str
    predicate: str
    graph: Graph
    ends: tuple[str, ...]

    def applies(self, start: int, steps: int) -> tuple[list[bool], int] | None:
        """Whether each of some steps applies the sums, and the counter then.

        None if that depends on something else.

        Args:
            start: the counter before the first.
        """
        found, value = list[bool](), start
        kind = str(self.graph.nodes[self.variable].attrs.get("dtype", "int32"))
        for _ in range(steps):
            held = {f"{self.variable}:0": np.asarray(value, kind.removesuffix("_ref"))}
            evaluator = Evaluator(self.graph, held)
            chosen = evaluator.value(self.predicate)
            made = [evaluator.value(f"{name}:0") for name in self.ends]
            alive = [each for each in made if each is not None]
            if chosen is None or chosen.size != 1 or not alive:
                return None
            found.append(bool(chosen))
            value = int(alive[-1].reshape(-1)[0])
        return found, value

    @cached_property
    def round(self) -> int | None:
        """How many steps there are from one application to the next; None if that varies."""
        told = self.applies(0, 3)
        for steps in (30, _LONGEST):
            if told is not None and sum(told[0]) < 3:
                told = self.applies(0, steps)
        places = [] if told is None else [step for step, yes in enumerate(told[0]) if yes]
        gaps = {after - before for before, after in pairwise(places)}
        return gaps.pop() if len(gaps) == 1 else None

    def before_next(self, value: int) -> int | None:
        """How many steps only add before the next that applies, from a value of the counter on."""
        told = self.applies(value, self.round or 0)
        return told[0].index(True) if told is not None and True in told[0] else None


@dataclass(frozen=True)
class Accumulation:
    """How one optimizer's gradients are added up.

    Attributes:
        sums: variable → node name of the variable that holds the sum.
        scales: variable → what the mean of a round's gradients is multiplied by when applied.
        steps: of one round; 1 where nothing in the graph says how many there are.
        counter: None where the program decides itself.
        clipping: of the sums.
        fresh: whether a sum is 0 once it has been applied, and not only when the next one begins.
    """

    sums: Mapping[str, str]
    scales: Mapping[str, float]
    steps: int
    counter: Counter | None
    clipping: Clipping | None
    fresh: bool

    @property
    def variables(self) -> set[str]:
        """Node names of the sums and of what counts the steps of a round."""
        counted = () if self.counter is None else (self.counter.variable,)
        return {*self.sums.values(), *counted}

    def updates(self, before: int, now: int) -> int:
        """How many updates are done while Keras's own counter of steps goes on."""
        return now // self.steps - before // self.steps


def read_accumulation(
    graph: Graph, optimizer: Optimizer, borders: Borders
) -> tuple[Optimizer, Accumulation] | None:
    """An optimizer as if it were given each step's gradients; None if nothing is added up."""
    held = Sums(graph, borders)
    if not held.added:
        return None
    ways, updates, sums = [], [], dict[str, str]()
    for update in optimizer.updates:
        way = between(graph, update, held)
        name = held.of(way.end) if way.reached and not way.others else None
        if name is None:
            return None
        sums[update.variable] = name
        ways.append(way)
        updates.append(replace(update, gradient=held.added[name], indices=None))
    counter = _counter(graph, optimizer.updates[0], sums)
    steps = counter.round if counter is not None else None
    if steps is None:
        counter = None
        steps = _named_steps(graph, ways, updates, borders)
    scales = {name: steps * way.factor for name, way in zip(sums, ways, strict=True)}
    made = replace(optimizer, updates=tuple(updates))
    if counter is not None and optimizer.step is not None:
        counts = graph.ancestors([f"{end}:0" for end in _counting(graph, optimizer)], control=True)
        inside = any(_switched_by(graph, node) == counter.predicate for node in counts.values())
        made = made if inside else replace(made, step=None)
    fresh = set(sums.values()) <= held.emptied
    found = Accumulation(sums, scales, steps, counter, clipping_of(ways), fresh)
    return made, found


class Sums:
    """The variables that gradients are added to, and the tensors that give them.

    Attributes:
        added: variable → what is added to it.
        emptied: those that a step sets to 0.
    """

    def __init__(self, graph: Graph, borders: Borders):
        self._graph = graph
        variables = find_variables(graph)
        self.added: dict[str, str] = {}
        self.emptied: set[str] = set()
        adding = {
            node.name: held.name
            for node in graph.of(*_ADDING)
            if (held := variables.get(variable_of(graph, node.inputs[0]) or "")) is not None
            and not held.trainable
            and held.dtype.startswith("float")
        }
        if not adding:
            return
        behind = graph.descendants([name for name in graph.nodes if name in borders])
        for operation, variable in adding.items():
            node = graph.nodes[operation]
            if operation in behind and split_tensor(node.inputs[1])[0] in behind:
                self.added[variable] = before_switch(graph, node.inputs[1])
        begun = set[str]()
        for node in graph.of(*_SETTING) if self.added else ():
            name = variable_of(graph, node.inputs[0]) or ""
            if name in self.added and node.inputs[1] != variables[name].initial_value:
                value = static_value(graph, node.inputs[1])
                if value is not None and not value.any():
                    self.emptied.add(name)
                elif self._same(before_switch(graph, node.inputs[1]), self.added[name]):
                    begun.add(name)
        # Anything else that is added to, such as an average, does not begin again.
        self.added = {n: tensor for n, tensor in self.added.items() if n in self.emptied | begun}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.of(f"{name}:0") is not None

    def of(self, tensor: str) -> str | None:
        """The variable whose sum a tensor is, in whatever state of the step."""
        node = self._graph.get(resolve(self._graph, tensor))
        if node is None or not self.added:
            return None
        if node.op in VARIABLE_OPS:
            return node.name if node.name in self.added else None
        if node.op in (*_ADDING, *_SETTING):
            name = variable_of(self._graph, node.inputs[0])
            return name if name in self.added else None
        if node.op in ("Merge", "RefMerge", *_SUMS):
            found = {self.of(each) for each in node.inputs}
            if node.op in _SUMS and len(node.inputs) == 2:  # the last gradient, added on the way
                for each, other in (node.inputs, node.inputs[::-1]):
                    name = self.of(each)
                    if name is not None and self._same(other, self.added[name]):
                        return name
                return None
            return found.pop() if len(found) == 1 else None
        return None

    def _same(self, tensor: str, other: str) -> bool:
        return resolve(self._graph, tensor) == resolve(self._graph, other)


def _named_steps(graph: Graph, ways: list[Between], updates: list[Update], borders: Borders) -> int:
    """The number that gradients or their sums are divided by, if it is one for all; else 1."""
    factors = {
        round(1 / (way.factor * between(graph, update, borders).factor), 4)
        for way, update in zip(ways, updates, strict=True)
    }
    number = factors.pop()
    return int(number) if not factors and number == int(number) and number > 1 else 1


def _switched_by(graph: Graph, node: Node) -> str | None:
    """The predicate of the tf.cond that a node takes one of its inputs through."""
    for tensor in node.inputs:
        source = graph.get(tensor)
        while source is not None and source.op == "Identity" and source.inputs:
            source = graph.get(source.inputs[0])
        if source is not None and source.op in _SWITCHES:
            return resolve(graph, source.inputs[1])
    return None


def _counting(graph: Graph, optimizer: Optimizer) -> list[str]:
    return [
        node.name
        for node in graph.of(*_ADDING)
        if variable_of(graph, node.inputs[0]) == optimizer.step
    ]


def _counter(graph: Graph, update: Update, sums: Mapping[str, str]) -> Counter | None:
    """The counter that the tf.cond around an update goes by."""
    predicate = _switched_by(graph, graph.nodes[update.node])
    if predicate is None:
        return None
    behind = graph.ancestors([predicate], control=False)
    names = [n.name for n in behind.values() if n.op in VARIABLE_OPS and n.name not in sums]
    if len(names) != 1 or not str(graph.nodes[names[0]].attrs.get("dtype")).startswith("int"):
        return None
    (name,) = names
    ends = [
        node
        for node in graph.of(*_ADDING, *_SETTING)
        if variable_of(graph, node.inputs[0]) == name and not _initial(graph, node, name)
    ]
    # The last is the one that waits for the others.
    ends.sort(key=lambda node: len(graph.ancestors([node.name], control=True)))
    written = _written_out(graph, name, ends, predicate)
    return Counter(name, predicate, written, tuple(node.name for node in ends)) if ends else None


def _initial(graph: Graph, node: Node, name: str) -> bool:
    """Whether a node gives a variable its first value, or one from a file."""
    restored = any("Restore" in each.op for each in graph.ancestors(node.inputs[1:2]).values())
    return restored or node.inputs[1] == find_variables(graph)[name].initial_value


def _written_out(graph: Graph, counter: str, assigning: Sequence[Node], predicate: str) -> Graph:
    """The graph with assignments of a counter as their values, and what reads it after one."""
    nodes, ends = dict(graph.nodes), {node.name for node in assigning}
    for node in assigning:
        adds = node.op in _ADDING
        inputs = node.inputs if adds else node.inputs[1:2]
        nodes[node.name] = replace(node, op="AddV2" if adds else "Identity", inputs=inputs)
    for node in graph.ancestors([predicate]).values():
        reads = node.op in ("Identity", "ReadVariableOp") and node.control_inputs
        if not reads or variable_of(graph, node.inputs[0]) != counter:
            continue
        late = ends & graph.ancestors([node.name], control=True).keys()
        if len(late) == 1:
            nodes[node.name] = replace(node, op="Identity", inputs=(f"{late.pop()}:0",))
    return replace(graph, nodes=nodes)
