"""The optimizer's state: which slot of the checkpoint goes where, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import printable
from ..graph import Trainer
from ..plan import Weight
from ..plan.recipe import Read, Recipe
from ..plan.training import Slot, TrainingPlan, step_target
from .context import Context
from .optimizer import Form
from .step import step_source


def carry_slots(
    context: Context,
    trainer: Trainer,
    form: Form,
    hyperparameters: Mapping[str, Any],
    result: TrainingPlan,
    member: int | None,
) -> None:
    """Adds the slots of one optimizer to the plan, and reasons for those that stay behind.

    Args:
        member: the optimizer's number among several, or None.
    """
    scale = 1.0
    if form.negated_rate:
        scale = -float(np.float32(trainer.schedule.arguments["learning_rate"]))
    trained, fresh, made = context.trained(trainer), False, list[Slot]()
    kinds = dict.fromkeys(slot for update in trainer.optimizer.updates for slot in update.slots)
    for slot in kinds:
        standing = _standing(context, trainer, slot)
        names = {name for recipe in standing.values() for name in recipe.sources}
        if slot == "momentum" and not hyperparameters.get("momentum", 1):
            reason = "the optimizer's momentum is 0, so it has no effect"
            result.reasons |= dict.fromkeys(names, reason)
            continue
        reason = "state of an optimizer for a variable that the model does not have"
        result.reasons |= dict.fromkeys(names, reason)
        for weight in context.plan.weights:
            sources = set(weight.recipe.sources) & trained
            if not sources:
                continue
            if not sources <= set(standing):
                fresh = True
            elif not movable(weight, standing, context.read):
                context.warnings.append(
                    f"the {slot} of {weight.target} starts from its initial value, because the "
                    f"weight is computed from {printable(', '.join(weight.recipe.sources))}"
                )
            else:
                kept = {name: standing[name] for name in weight.recipe.sources}
                place = (weight.target, form.slots[slot], weight.recipe)
                made.append(Slot(*place, kept, scale, member))
    if fresh:
        context.warnings.append(
            "the optimizer starts from its initial state, because the checkpoint does not "
            "contain its slots"
        )
    for each in made:
        for name in each.names:
            result.reasons.pop(name, None)
    result.slots += made


def _standing(context: Context, trainer: Trainer, slot: str) -> dict[str, Recipe]:
    """Trained variable, as the checkpoint calls it → its slot; parts joined."""
    parts: dict[str, list[tuple[str, Recipe]]] = {}
    for update in trainer.optimizer.updates:
        node = update.slots.get(slot, "")
        if update.variable in context.recipes and node in context.recipes:
            for name in context.recipes[update.variable].sources:
                parts.setdefault(name, []).append((update.variable, context.recipes[node]))
    return {name: _joined(context, name, listed) for name, listed in parts.items()}


def _joined(context: Context, name: str, parts: list[tuple[str, Recipe]]) -> Recipe:
    slices = [part for node, _ in parts if (part := context.variables[node].slice) is not None]
    if len(parts) == 1 or len(slices) < len(parts):
        return parts[0][1]
    whole = tuple(slices[0].full_shape)

    def join(*arrays: np.ndarray) -> np.ndarray:
        joined = np.zeros(whole, arrays[0].dtype)
        for part, array in zip(slices, arrays, strict=True):
            ends = zip(part.offset, part.shape, strict=True)
            joined[tuple(slice(start, start + size) for start, size in ends)] = array
        return joined

    recipes = tuple(recipe for _, recipe in parts)
    return Recipe(f"{name} joined", whole, recipes[0].dtype, recipes, join)


def movable(weight: Weight, standing: Mapping[str, Recipe], read: Read) -> bool:
    """Whether a slot can be made as its weight is: from slots alone, in the same shape.

    Args:
        standing: variable → the slot that stands for it.
        read: variable → array, which is asked for where the weight is computed.
    """
    recipe = weight.recipe
    if not set(recipe.sources) <= set(standing):
        return False

    def shapes(name: str) -> np.ndarray:
        return np.broadcast_to(np.float32(), standing[name].shape)

    made = recipe.make(shapes, slots=True)
    return made.shape == recipe.shape and recipe.keeps_steps(read)


def account_for_step(
    context: Context, trainer: Trainer, result: TrainingPlan, member: int | None
) -> None:
    """Fates of the step variable and of the powers of beta.

    Args:
        member: the optimizer's number among several, or None.
    """
    chosen = step_source(trainer.optimizer, context.recipes)
    if chosen is not None:
        result.targets.setdefault(chosen, step_target(member))
    for node in trainer.optimizer.shared.values():
        for name in context.recipes[node].sources if node in context.recipes else ():
            if name != chosen:
                result.reasons[name] = "Keras computes it from the optimizer's iterations"
