"""What a step does to gradients and weights around the updates, as functions in keras.ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..graph import Borders, Obstacle, Trainer, changes
from ..graph.nodes import Graph, Node
from ..graph.variables import VARIABLE_OPS, resolve, variable_of
from ..layers.formula import formula
from ..plan.training import OWN_OPTIMIZER, Change, TrainingPlan
from .context import Context

# Nodes of ours must not take a name of the graph.
_GRADIENT, _WEIGHT, _RESULT = "tfmigrate_gradient", "tfmigrate_weight", "tfmigrate_result"
_STEPS = {
    "AssignSub": "Sub",
    "AssignSubVariableOp": "Sub",
    "AssignAdd": "Add",
    "AssignAddVariableOp": "Add",
}
_ASSIGNING = ("Assign", "AssignVariableOp", *_STEPS)


def carry_changes(
    context: Context, trainers: Sequence[Trainer], obstacles: Sequence[Obstacle], plan: TrainingPlan
) -> list[Obstacle]:
    """Adds to the plan the changes that Keras can make as well; gives the obstacles that stay.

    A change can be made if it takes one gradient and its weight, or the weight alone, and if the
    model has the weight as the checkpoint has the variable. Changes around several optimizers, or
    of gradients that are rows of a table, stay obstacles.
    """
    rows = any(update.indices is not None for update in trainers[0].optimizer.updates)
    if len(trainers) > 1 or rows:
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
        self._run = self._graph.ancestors(operations, control=True)
        self._updates = {update.variable: update for update in trainer.optimizer.updates}
        shared = trainer.clipping is not None  # Keras's optimizer does it, after all changes
        self._ends = {
            update.variable: way.clips[0].inner if shared else update.gradient
            for update, way in zip(trainer.optimizer.updates, trainer.ways, strict=True)
        }
        weights = context.plan.weights
        self._used = {name for weight in weights for name in weight.recipe.sources}
        self._targets = {w.recipe.text: w.target for w in weights if w.recipe.is_variable}

    def read(self, obstacle: Obstacle) -> list[Change] | None:
        """The changes of weights that an obstacle stands for; None if one of them has no form."""
        found = []
        for name in obstacle.variables:
            recipe = self._context.recipes.get(name)
            if recipe is None or self._used.isdisjoint(recipe.sources):
                continue  # the model does not train it
            change = self._change(obstacle, name, self._targets.get(recipe.text))
            if change is None:
                return None
            found.append(change)
        return found

    def _change(self, obstacle: Obstacle, name: str, target: str | None) -> Change | None:
        if target is None:
            return None
        if obstacle.where == "between":
            when, written = "gradients", self._written(name, self._ends[name])
        elif obstacle.where == "beside":
            when, written = self._assigned(name)
        else:
            return None
        if written is None:
            return None
        graph, tensor = written
        names = (_GRADIENT, _WEIGHT) if when == "gradients" else (_WEIGHT,)
        given = [f"{name}:0" for name in names]
        body = formula(graph, given, tensor, {})
        return None if isinstance(body, str) else Change(when, body, target)

    def _assigned(self, name: str) -> tuple[str, tuple[Graph, str] | None]:
        """When a step assigns a variable beside its update, and the value."""
        graph, update = self._graph, self._updates[name].node
        found = [
            node
            for node in self._run.values()
            if changes(node) and node.name != update and variable_of(graph, node.inputs[0]) == name
        ]
        if len(found) != 1 or found[0].op not in _ASSIGNING:
            return "", None
        (node,) = found
        if update in graph.ancestors([node.name], control=True):
            when = "after"
        elif node.name in graph.ancestors([update], control=True):
            when = "before"
        else:
            return "", None  # in either order
        written = self._written(name, node.inputs[1])
        if written is None or node.op not in _STEPS:
            return when, written
        made, tensor = written
        attrs = made.nodes[_WEIGHT].attrs
        result = Node(_RESULT, _STEPS[node.op], (f"{_WEIGHT}:0", tensor), attrs=attrs)
        return when, (replace(made, nodes={**made.nodes, _RESULT: result}), f"{_RESULT}:0")

    def _written(self, name: str, end: str) -> tuple[Graph, str] | None:
        """A graph of placeholders for gradient and weight, and in it the tensor ``end``.

        None if that depends on anything else.
        """
        variable = self._context.variables[name]
        gradients, nodes, waiting = set[str](), dict[str, Node](), [end]
        while waiting:
            node = self._graph.node(waiting.pop())
            if node.name in nodes:
                continue
            if not node.inputs and node.op != "Const":
                return None
            inputs = []
            for tensor in node.inputs:
                source = self._graph.node(resolve(self._graph, tensor))
                if source.name in self._borders:
                    gradients.add(resolve(self._graph, tensor))
                    inputs.append(f"{_GRADIENT}:0")
                elif source.op in VARIABLE_OPS:
                    if source.name != name:
                        return None
                    inputs.append(f"{_WEIGHT}:0")
                else:
                    inputs.append(tensor)
                    waiting.append(tensor)
            nodes[node.name] = replace(node, inputs=tuple(inputs), control_inputs=())
        if len(gradients) > 1 or variable.dtype.removesuffix("_ref") != "float32":
            return None
        shape, kind = variable.shape, "float32"
        attrs = {"dtype": kind, "T": kind, "shape": shape, "_output_shapes": [shape]}
        for given in (_GRADIENT, _WEIGHT):
            nodes[given] = Node(given, "Placeholder", attrs=attrs)
        return replace(self._graph, nodes=nodes), end
