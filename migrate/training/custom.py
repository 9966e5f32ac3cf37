"""A custom optimizer of the program → functions of gradient, weight, rate and slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import CustomUpdate, Trainer, readable
from ..graph.nodes import Graph, Node
from ..graph.variables import resolve
from ..layers.formula import formulas
from ..plan import Unknown
from ..plan.training import OWN_OPTIMIZER, Formula, New, Rule
from .context import Context
from .optimizer import CLIPPING, Form
from .part import Part


def custom_rules(context: Context, trainer: Trainer) -> list[Rule] | str:
    """What each weight of the model and its slots become; or what keras.ops does not have.

    Weights that the model does not have as the checkpoint has the variable cannot be trained so.
    """
    slots = slot_names(trainer)
    rules = []
    for update in trainer.optimizer.updates:
        if not context.uses(update.variable):
            continue
        assert isinstance(update, CustomUpdate)
        powers = tuple(trainer.optimizer.shared)
        names = ["gradient", "weight", "rate", *powers, *slots]
        graph, results = _written(context, update, names, powers)
        weight = context.weight_of(update.variable, graph)
        if weight is None:
            return f"another form of {update.variable}"
        given = [Part.placeholder(name) for name in names]
        body = formulas(graph, given, [results[name] for name in ("weight", *slots)])
        if isinstance(body, str):
            return body
        rules.append(Rule(body, weight.target, slots, powers))
    return rules


def custom_optimizer(trainer: Trainer, rate: float | New | Formula | Unknown) -> tuple[New, Form]:
    """The class that model.py defines for it, and where slots go."""
    arguments: dict[str, Any] = {"learning_rate": rate}
    if trainer.clipping is not None:
        arguments[CLIPPING[trainer.clipping.kind]] = trainer.clipping.by
    form = Form(OWN_OPTIMIZER, {}, {}, {slot: f"_{slot}" for slot in slot_names(trainer)})
    return New(OWN_OPTIMIZER, arguments, "CustomOptimizer"), form


def powers_of(context: Context, trainer: Trainer, step: int) -> dict[str, tuple[float, float, int]]:
    """Each power of beta that a custom optimizer takes: beta, its value now, and the step now."""
    optimizer, found = trainer.optimizer, {}
    for name, node in optimizer.shared.items():
        beta = float(optimizer.hyperparameters[name.removesuffix("_power")])
        value = context.recipes[node].make(context.read) if node in context.recipes else beta
        found[name] = (beta, readable(np.asarray(value, np.float32).reshape(-1)[0]), step)
    return found


def slot_names(trainer: Trainer) -> tuple[str, ...]:
    """The slots of all updates, each once."""
    return tuple(dict.fromkeys(slot for u in trainer.optimizer.updates for slot in u.slots))


def _written(
    context: Context, update: CustomUpdate, names: Sequence[str], powers: Sequence[str]
) -> tuple[Graph, dict[str, str]]:
    """A graph of what assigns a weight and its slots, and the tensors that these become."""
    shape = context.variables[update.variable].shape
    scalars = ("rate", *powers)
    part = Part(context.graph, {name: () if name in scalars else shape for name in names})

    def placed(tensor: str) -> str:
        tensor = update.passed.get(tensor, tensor)
        name = update.given.get(resolve(context.graph, tensor))
        return tensor if name is None else part.placeholder(name)

    waiting = []
    for name in names:
        if name in update.assigned:
            node = context.graph.nodes[update.assigned[name]]
            part.result(name, placed(node.inputs[1]), node)
            waiting.append(node.inputs[1])
        else:
            part.result(name, part.placeholder(name))  # a slot that only others have
    while waiting:
        tensor = waiting.pop()
        node = context.graph.node(tensor)
        if node.name in context.recipes and node.name not in update.given:
            held = context.recipes[node.name].make(context.read)  # a hyperparameter
            attrs = {"value": held, "dtype": held.dtype.name, "_output_shapes": [held.shape]}
            part.add(Node(node.name, "Const", attrs=attrs), ())
        elif node not in part and placed(tensor) == tensor:
            part.add(node, tuple(map(placed, node.inputs)))
            waiting += [update.passed.get(each, each) for each in node.inputs]
    return part.graph()
