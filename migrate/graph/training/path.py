"""What stands between the loss and the weights: gradients, updates, and the step around them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..constants import static_value
from ..nodes import Graph, Node
from ..variables import find_variables, variable_of
from .gradients import SEED, Borders
from .operation import changes
from .trainers import Trainer

_ARITHMETIC = frozenset(
    (
        *("Add", "AddV2", "AddN", "Sub", "Mul", "RealDiv", "Div", "Neg", "Square", "Sqrt", "Rsqrt"),
        *("Pow", "Exp", "Log", "Abs", "Sign", "Sum", "Mean", "ConcatV2", "Concat", "Split"),
        *("Transpose", "MatMul", "Tile", "L2Loss"),
    )
)

Named = tuple[str, str]
"""A kind of operation, and the name of one."""


@dataclass(frozen=True)
class Obstacle:
    """Something that a step of the program does and an optimizer of Keras does not.

    Attributes:
        where: "between" gradients and updates, "beside" the updates, "seed" (where gradients
            start), "elsewhere" (gradients that do not come from a loss).
        variables: node names of what is updated so.
        operations: kinds of operations, each with the name of the first.
        words: what it is, where that is more than its operations: ``multiplication by 0.1``.
        read: node names of variables that it depends on.
        clips: whether there is clipping among it.
    """

    where: str
    variables: tuple[str, ...]
    operations: tuple[Named, ...] = ()
    words: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    clips: bool = False

    @property
    def shows(self) -> bool:
        """Whether a few steps show it: arithmetic, which has an effect whenever it is run.

        Not so clipping, masks in variables, choices: they may do nothing for many steps.
        """
        plain = all(op in _ARITHMETIC for op, _ in self.operations) and not self.read
        return plain and self.where in ("between", "seed") and not self.clips


@dataclass(frozen=True)
class Path:
    """All of it.

    Attributes:
        obstacles: what has no place in Keras's step.
        own_gradients: operations of the loss whose gradient the program replaced.
        stopped: names of the loss's tf.stop_gradient.
        kept: node names of variables that a step changes, and that nothing in it depends on.
    """

    obstacles: tuple[Obstacle, ...]
    own_gradients: tuple[Named, ...]
    stopped: tuple[str, ...]
    kept: tuple[str, ...]


def read_path(
    graph: Graph, trainers: Sequence[Trainer], operations: Sequence[str], known: Collection[str]
) -> Path:
    """Walks from the gradients to the updates, and from the train operation back.

    Args:
        trainers: those that are carried over.
        operations: what a step runs.
        known: node names of variables that Keras changes as well: moving statistics.
    """
    loss = trainers[0].loss
    behind = {} if loss is None else graph.ancestors([loss.tensor])
    own = ((n.op, n.name) for n in behind.values() if "_gradient_op_type" in n.attrs)
    beside, kept = _beside(graph, trainers, operations, known)
    return Path(
        obstacles=(*_seeds(graph, trainers), *_between(trainers), *beside),
        own_gradients=tuple(own),
        stopped=tuple(n.name for n in behind.values() if n.op == "StopGradient"),
        kept=kept,
    )


def _between(trainers: Sequence[Trainer]) -> Iterator[Obstacle]:
    found: dict[Obstacle, list[str]] = {}
    for trainer in trainers:
        for update, way in zip(trainer.optimizer.updates, trainer.ways, strict=True):
            words = []
            if trainer.clipping is None:
                told = (f"clipping ({c.clipping.kind}, {c.clipping.by:g})" for c in way.clips)
                words += list(told)
            if way.factor != 1.0 and not trainer.unscaled:
                words.append(f"multiplication by {way.factor:.6g}")
            if words or way.others or way.variables or not way.reached:
                where = "between" if way.reached else "elsewhere"
                kinds = tuple(way.others)  # alike for all variables; the names are not
                clips = trainer.clipping is None and bool(way.clips)
                key = Obstacle(where, (), tuple((k, "") for k in kinds), tuple(words), (), clips)
                found.setdefault(key, []).append(update.variable)
    ways = {
        update.variable: way
        for trainer in trainers
        for update, way in zip(trainer.optimizer.updates, trainer.ways, strict=True)
    }
    for key, variables in found.items():
        first = ways[variables[0]]
        operations = tuple(first.others.items())
        read = tuple({name: None for node in variables for name in ways[node].variables})
        yield replace(key, variables=tuple(variables), operations=operations, read=read)


def _seeds(graph: Graph, trainers: Sequence[Trainer]) -> Iterator[Obstacle]:
    """Gradients that start from anything but ones."""
    borders = Borders(graph)
    for trainer in trainers:
        gradients = [update.gradient for update in trainer.optimizer.updates]
        for node in graph.ancestors(gradients).values():
            if node.name not in borders or SEED.fullmatch(node.name) is None:
                continue
            if node.op not in ("Fill", "Const", "Identity"):
                continue
            value = static_value(graph, node.inputs[1] if node.op == "Fill" else f"{node.name}:0")
            if value is None or not np.all(value == 1):
                start = "another tensor" if value is None else f"{float(value.reshape(-1)[0]):.6g}"
                yield Obstacle("seed", trainer.optimizer.variables, (), (start,))


def _beside(
    graph: Graph, trainers: Sequence[Trainer], operations: Sequence[str], known: Collection[str]
) -> tuple[list[Obstacle], tuple[str, ...]]:
    """Changes of variables in a step that are neither updates nor what optimizers count with."""
    variables = find_variables(graph)
    updates = {update.node for trainer in trainers for update in trainer.optimizer.updates}
    trained = {name for trainer in trainers for name in trainer.optimizer.variables}
    own = {t.optimizer.step for t in trainers} | set(known)
    for trainer in trainers:
        own |= set(trainer.optimizer.shared.values())
        own |= {slot for update in trainer.optimizer.updates for slot in update.slots.values()}
        if trainer.accumulation is not None:
            own |= trainer.accumulation.variables
    losses = [trainer.loss.tensor for trainer in trainers if trainer.loss is not None]
    depended = graph.ancestors([*updates, *losses])
    changed: dict[str, list[Node]] = {}
    kept: dict[str, None] = {}
    for node in graph.ancestors(operations, control=True).values():
        if node.name in updates or not changes(node):
            continue
        name = variable_of(graph, node.inputs[0])
        if name is None or name in own:
            continue
        if name in trained or name in depended:
            changed.setdefault(name, []).append(node)
        elif variables[name].shape != () or variables[name].dtype.startswith("float"):
            kept[name] = None
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, nodes in changed.items():
        groups.setdefault(tuple(dict.fromkeys(n.op for n in nodes)), []).append(name)
    found = []
    for ops, names in groups.items():
        first = {node.op: node.name for node in reversed(changed[names[0]])}
        found.append(Obstacle("beside", tuple(names), tuple((op, first[op]) for op in ops)))
    return found, tuple(kept)
