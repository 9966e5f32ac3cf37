"""Weights that a loss takes directly: those of layers, and others in layers of their own."""

from __future__ import annotations

from collections.abc import Iterable

from ..plan import Call, Layer, Value, Weight
from ..plan.model import Plan
from ..plan.names import identifier, layer_name
from ..plan.network import Output
from .context import Context
from .layers import layer_of

Held = tuple[tuple[str, str], ...]
"""Name of an argument of the loss, and target."""


def held_weights(
    context: Context, variables: Iterable[str], taken: Iterable[str]
) -> tuple[Held, list[Weight]] | None:
    """What stands for variables in the model, and those of the weights that it does not have yet.

    None where the model has a variable only as a part of something, or transposed, and where no
    optimizer trains it: a step that a loss waits for.

    Args:
        variables: their nodes.
        taken: names that no argument may have.
    """
    names, held, new = set(taken), list[tuple[str, str]](), list[Weight]()
    layers = {layer.name for layer in context.plan.layers}
    for node in variables:
        recipe = context.recipes.get(node)
        if recipe is None or len(recipe.sources) != 1 or not context.variables[node].trainable:
            return None
        users = [w for w in context.plan.weights if recipe.sources[0] in w.recipe.sources]
        if users:
            layer, _ = layer_of(context.plan, users[0])
            alone = len(users) == 1 and users[0].target.count("/") == 1 and layer is not None
            if not alone or not users[0].recipe.is_variable:
                return None
            target = users[0].target
        else:
            layer_named = layer_name(recipe.sources[0], layers, otherwise="loss_parameter")
            layers.add(layer_named)
            target = f"{layer_named}/value"
            new.append(Weight(target, recipe))
        name = identifier(recipe.sources[0], names, otherwise="weight")
        names.add(name)
        held.append((name, target))
    return tuple(held), new


def keep_in_layers(plan: Plan, weights: Iterable[Weight]) -> None:
    """Gives the model weights that only its loss takes: the first output passes their layers."""
    for weight in weights:
        name = weight.target.partition("/")[0]
        before = plan.outputs[0].value
        after = Value(before.shape, before.dtype, before.hint, before.tensor)
        layer = Layer(name, "LossParameter", {"shape": weight.recipe.shape})
        plan.calls.append(Call(layer, (before,), {}, (after,)))
        plan.outputs[0] = Output(plan.outputs[0].tensor, after)
        plan.weights.append(weight)
