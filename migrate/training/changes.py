"""What a step does to gradients and weights around the updates, as functions in keras.ops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..graph import ASSIGNING, Borders, Obstacle, Trainer, changes
from ..graph.nodes import Graph, Node
from ..graph.variables import VARIABLE_OPS, resolve, variable_of
from ..layers.formula import formula
from ..plan import constant
from ..plan.recipe import Recipe
from ..plan.training import OWN_OPTIMIZER, Change, Slot, TrainingPlan
from .context import Context
from .part import Part

_NOISE = {
    "RandomStandardNormal": "normal",
    "TruncatedNormal": "truncated_normal",
    "RandomUniform": "uniform",
}
"""What draws noise → the function of ``keras.random``."""
_HELD = ("mask", "array_2", "array_3")
"""Names of arrays that a change takes."""


def carry_changes(
    context: Context, trainers: Sequence[Trainer], obstacles: Sequence[Obstacle], plan: TrainingPlan
) -> list[Obstacle]:
    """Adds to the plan the changes that Keras can make as well; gives the obstacles that stay.

    A change can be made if it takes one gradient and its weight, or the weight alone, arrays of
    their shape that a step does not change (masks) and noise, and if the model has the weight as
    the checkpoint has the variable. Changes around several optimizers, or
    of gradients that are rows of a table, stay obstacles.
    """
    rows = any(update.indices is not None for update in trainers[0].optimizer.updates)
    if len(trainers) > 1 or rows or plan.rules:
        return list(obstacles)
    reader, left = _Reader(context, trainers[0], plan.operations), []
    for obstacle in obstacles:
        found = reader.read(obstacle)
        plan.changes += found or ()
        plan.slots += [slot for change in found or () for slot in reader.slots(change)]
        if found is None:
            left.append(obstacle)
    if plan.changes:
        plan.optimizer = replace(plan.optimizer, kind=OWN_OPTIMIZER, base=plan.optimizer.kind)
    return left


class _Written(NamedTuple):
    """A tensor of a graph that is computed from placeholders, and what some of them stand for."""

    graph: Graph
    tensor: str
    held: dict[str, Recipe | None]


class _Reader:
    """The changes that one trainer's step makes."""

    def __init__(self, context: Context, trainer: Trainer, operations: Sequence[str]):
        self._context, self._graph = context, context.graph
        self._borders = Borders(self._graph)
        self._unscaled = trainer.unscaled  # the model's loss is not scaled, so neither are these
        self._run = self._graph.ancestors(operations, control=True)
        nodes = (node for node in self._run.values() if changes(node))
        self._changed = {variable_of(self._graph, node.inputs[0]) for node in nodes}
        self._updates = {update.variable: update for update in trainer.optimizer.updates}
        self._accumulation = trainer.accumulation
        # Keras's optimizer clips after all changes, and what has been added up.
        shared = trainer.clipping is not None and trainer.accumulation is None
        self._ends = {
            update.variable: way.clips[0].inner if shared else update.gradient
            for update, way in zip(trainer.optimizer.updates, trainer.ways, strict=True)
        }

    def read(self, obstacle: Obstacle) -> list[Change] | None:
        """The changes of weights that an obstacle stands for; None if one of them has no form."""
        found = []
        for name in obstacle.variables:
            if name not in self._updates:
                return None  # a hyper-parameter, say
            if not self._context.uses(name):
                continue  # the model does not train it
            change = self._change(obstacle, name)
            if change is None:
                return None
            found.append(change)
        return found or None

    def _change(self, obstacle: Obstacle, name: str) -> Change | None:
        if obstacle.where == "between" and not self._unscaled:
            scale = 1.0 if self._accumulation is None else self._accumulation.scales[name]
            when, written = "gradients", self._written(name, self._ends[name], scale=scale)
        elif obstacle.where == "beside" and self._accumulation is None:
            when, written = self._assigned(name)
        else:
            return None
        if written is None or (written.held and when != "gradients"):
            return None
        weight = self._context.weight_of(name, written.graph)
        arrays = [each for each in written.held.values() if each is not None]
        if weight is None or (arrays and not weight.recipe.only_moves):
            return None
        names = ("gradient", "weight") if when == "gradients" else ("weight",)
        given = [Part.placeholder(each) for each in (*names, *written.held)]
        body = formula(written.graph, given, written.tensor, {})
        return None if isinstance(body, str) else Change(when, body, weight.target, written.held)

    def slots(self, change: Change) -> Iterator[Slot]:
        """Where the arrays that a change takes are kept."""
        (weight,) = (w for w in self._context.plan.weights if w.target == change.weight)
        for name, made in change.held.items():
            if made is not None:
                sources = dict.fromkeys(weight.recipe.sources, made)
                yield Slot(weight.target, f"_{name}", weight.recipe, sources)

    def _assigned(self, name: str) -> tuple[str, _Written | None]:
        """When a step assigns a variable beside its update, and the value."""
        graph, update = self._graph, self._updates[name].node
        found = [
            node
            for node in self._run.values()
            if changes(node) and node.name != update and variable_of(graph, node.inputs[0]) == name
        ]
        if len(found) != 1 or found[0].op not in ASSIGNING:
            return "", None
        (node,) = found
        if update in graph.ancestors([node.name], control=True):
            when = "after"
        elif node.name in graph.ancestors([update], control=True):
            when = "before"
        else:
            return "", None  # in either order
        return when, self._written(name, node.inputs[1], node)

    def _written(
        self, name: str, end: str, assigning: Node | None = None, scale: float = 1.0
    ) -> _Written | None:
        """A graph of placeholders for gradient and weight, and in it the tensor ``end``.

        None if that depends on anything else but noise and arrays that stay what they are.

        Args:
            assigning: the operation that gives the weight that value.
            scale: what the tensor is multiplied by.
        """
        variable = self._context.variables[name]
        names = ("gradient", "weight", *_NOISE.values(), *_HELD)
        part = Part(self._graph, dict.fromkeys(names, variable.shape))
        gradients, held, waiting = set[str](), dict[str, Recipe | None](), [end]
        if self._graph.node(resolve(self._graph, end)).name in self._borders:
            end, waiting = part.placeholder("gradient"), []
        result = end if scale == 1.0 else part.scaled(end, scale, variable.shape)
        kept = dict[str, str]()
        while waiting:
            node = self._graph.node(waiting.pop())
            if node in part:
                continue
            if not node.inputs and node.op != "Const":
                return None
            inputs = []
            for tensor in node.inputs:
                source = self._graph.node(resolve(self._graph, tensor))
                array = self._array(source, name)
                if source.name in self._borders:
                    gradients.add(resolve(self._graph, tensor))
                    inputs.append(part.placeholder("gradient"))
                elif source.op in _NOISE and self._graph.shape(tensor) == variable.shape:
                    if _NOISE[source.op] in held:
                        return None  # drawn twice
                    held[_NOISE[source.op]] = None
                    inputs.append(part.placeholder(_NOISE[source.op]))
                elif source.name == name:
                    inputs.append(part.placeholder("weight"))
                elif array is not None:
                    if source.name not in kept and len(kept) == len(_HELD):
                        return None
                    kept.setdefault(source.name, _HELD[len(kept)])
                    held[kept[source.name]] = array
                    inputs.append(part.placeholder(kept[source.name]))
                elif source.op in VARIABLE_OPS:
                    return None
                else:
                    inputs.append(tensor)
                    waiting.append(tensor)
            part.add(node, tuple(inputs))
        if len(gradients) > 1 or variable.dtype.removesuffix("_ref") != "float32":
            return None
        part.result("weight", result, assigning)
        graph, results = part.graph()
        return _Written(graph, results["weight"], held)

    def _array(self, source: Node, name: str) -> Recipe | None:
        """An array of a variable's shape that a step does not change: a constant, or a variable."""
        shape = self._context.variables[name].shape
        if source.op == "Const":
            value = source.attrs.get("value")
            large = isinstance(value, np.ndarray) and value.size > 1 and value.shape == shape
            return constant(np.asarray(value, np.float32)) if large else None
        other = self._context.variables.get(source.name)
        if other is None or other.shape != shape or other.dtype.removesuffix("_ref") != "float32":
            return None
        still = source.name not in self._changed and source.name not in self._updates
        return self._context.recipes.get(source.name) if still else None
