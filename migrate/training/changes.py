"""What a step does to gradients and weights around the updates, as functions in keras.ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import ASSIGNING, Borders, Obstacle, Trainer, changes
from ..graph.nodes import Graph, Node
from ..graph.variables import VARIABLE_OPS, resolve, variable_of
from ..layers.formula import formula
from ..plan.training import OWN_OPTIMIZER, Change, TrainingPlan
from .context import Context
from .part import Part


def carry_changes(
    context: Context, trainers: Sequence[Trainer], obstacles: Sequence[Obstacle], plan: TrainingPlan
) -> list[Obstacle]:
    """Adds to the plan the changes that Keras can make as well; gives the obstacles that stay.

    A change can be made if it takes one gradient and its weight, or the weight alone, and if the
    model has the weight as the checkpoint has the variable. Changes around several optimizers, or
    of gradients that are rows of a table, stay obstacles.
    """
    rows = any(update.indices is not None for update in trainers[0].optimizer.updates)
    if len(trainers) > 1 or rows or plan.rules:
        return list(obstacles)
    reader, left = _Reader(context, trainers[0], plan.operations), []
    for obstacle in obstacles:
        found = reader.read(obstacle)
        plan.changes += found or ()
        if found is None:
            left.append(obstacle)
    if plan.changes:
        plan.optimizer = replace(plan.optimizer, kind=OWN_OPTIMIZER, base=plan.optimizer.kind)
    return left


class _Reader:
    """The changes that one trainer's step makes."""

    def __init__(self, context: Context, trainer: Trainer, operations: Sequence[str]):
        self._context, self._graph = context, context.graph
        self._borders = Borders(self._graph)
        self._unscaled = trainer.unscaled  # the model's loss is not scaled, so neither are these
        self._run = self._graph.ancestors(operations, control=True)
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
        if written is None:
            return None
        graph, tensor = written
        weight = self._context.weight_of(name, graph)
        if weight is None:
            return None
        names = ("gradient", "weight") if when == "gradients" else ("weight",)
        given = [Part.placeholder(each) for each in names]
        body = formula(graph, given, tensor, {})
        return None if isinstance(body, str) else Change(when, body, weight.target)

    def _assigned(self, name: str) -> tuple[str, tuple[Graph, str] | None]:
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
    ) -> tuple[Graph, str] | None:
        """A graph of placeholders for gradient and weight, and in it the tensor ``end``.

        None if that depends on anything else.

        Args:
            assigning: the operation that gives the weight that value.
            scale: what the tensor is multiplied by.
        """
        variable = self._context.variables[name]
        part = Part(self._graph, dict.fromkeys(("gradient", "weight"), variable.shape))
        gradients, waiting = set[str](), [end]
        if self._graph.node(resolve(self._graph, end)).name in self._borders:
            end, waiting = part.placeholder("gradient"), []
        result = end if scale == 1.0 else part.scaled(end, scale, variable.shape)
        while waiting:
            node = self._graph.node(waiting.pop())
            if node in part:
                continue
            if not node.inputs and node.op != "Const":
                return None
            inputs = []
            for tensor in node.inputs:
                source = self._graph.node(resolve(self._graph, tensor))
                if source.name in self._borders:
                    gradients.add(resolve(self._graph, tensor))
                    inputs.append(part.placeholder("gradient"))
                elif source.op in VARIABLE_OPS:
                    if source.name != name:
                        return None
                    inputs.append(part.placeholder("weight"))
                else:
                    inputs.append(tensor)
                    waiting.append(tensor)
            part.add(node, tuple(inputs))
        if len(gradients) > 1 or variable.dtype.removesuffix("_ref") != "float32":
            return None
        part.result("weight", result, assigning)
        graph, results = part.graph()
        return graph, results["weight"]
