"""Accumulated gradients → ``gradient_accumulation_steps`` of a Keras optimizer, in mid-round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import printable
from ..graph import Accumulation, Trainer
from ..plan.recipe import Recipe
from ..plan.training import SUMS, New, Slot, TrainingPlan
from .context import Context
from .state import movable


def accumulating(optimizer: New, trainer: Trainer) -> New:
    """An optimizer that applies the mean of as many gradients as the program adds up."""
    if trainer.accumulation is None or trainer.accumulation.steps == 1:
        return optimizer
    steps = {"gradient_accumulation_steps": trainer.accumulation.steps}
    return replace(optimizer, arguments={**optimizer.arguments, **steps})


def steps_of_rounds(
    context: Context, accumulation: Accumulation, updates: int | None
) -> int | None:
    """Keras's counter of steps: whole rounds, and what has been added since.

    Args:
        updates: done so far.
    """
    counter, steps = accumulation.counter, accumulation.steps
    if counter is None:
        if steps > 1:
            context.warnings.append(
                f"the model applies the gradients of {steps} steps together, because the program "
                f"divides them by {steps}: it adds them up in "
                f"{printable(next(iter(accumulation.sums.values())))} and decides itself when it "
                "applies them; gradient_accumulation_steps in compile_model sets another number"
            )
        else:
            context.warnings.append(
                "the model applies the gradients of each step, but the program adds them up in "
                f"{printable(next(iter(accumulation.sums.values())))} and applies them when it "
                "likes; set gradient_accumulation_steps in compile_model, and multiply the "
                "learning rate by it if the program applies the sum"
            )
        return None if updates is None else updates * steps
    value = _value(context, counter.variable)
    left = None if value is None else counter.before_next(value)
    added = 0 if left is None else steps - 1 - left
    if updates is None:
        updates = (value or 0) // steps
    return updates * steps + added


def carry_sums(
    context: Context,
    accumulation: Accumulation,
    iterations: int | None,
    result: TrainingPlan,
    member: int | None,
) -> None:
    """Adds the sums of a round that is not at its end to the plan.

    Args:
        member: the optimizer's number among several, or None.
    """
    recipes = context.recipes
    held = {node: name for node, name in accumulation.sums.items() if name in recipes}
    if accumulation.counter is not None and accumulation.counter.variable in recipes:
        for name in recipes[accumulation.counter.variable].sources:
            result.reasons[name] = "Keras counts the steps of a round in the optimizer's iterations"
    names = {each for name in held.values() for each in recipes[name].sources}
    if accumulation.counter is None:
        reason = "a sum of gradients: the program decides when it is applied"
        result.reasons |= dict.fromkeys(names, reason)
        return
    if not accumulation.fresh and (iterations or 0) % accumulation.steps == 0:
        reason = "a sum of gradients that was applied: the next step begins another"
        result.reasons |= dict.fromkeys(names, reason)
        return
    standing: dict[str, Recipe] = {}
    scales: dict[str, float] = {}
    for node, name in held.items():
        for each in recipes[node].sources:
            standing[each], scales[each] = recipes[name], accumulation.scales[node]
    for weight in context.plan.weights:
        sources = weight.recipe.sources
        if not set(sources) & standing.keys():
            continue
        if movable(weight, standing, context.read):
            kept: Mapping[str, Recipe] = {name: standing[name] for name in sources}
            scale = scales[sources[0]]
            result.slots.append(Slot(weight.target, SUMS, weight.recipe, kept, scale, member))
        else:
            context.warnings.append(
                f"the sum of gradients of {weight.target} starts from 0, because the weight is "
                f"computed from {printable(', '.join(sources))}"
            )
    carried = {name for slot in result.slots for name in slot.names}
    reason = "a sum of gradients for a variable that the model does not have"
    result.reasons |= dict.fromkeys(names - carried, reason)


def _value(context: Context, node: str) -> int | None:
    recipe = context.recipes.get(node)
    return None if recipe is None else int(recipe.make(context.read).reshape(-1)[0])
