"""Every element of the checkpoint accounted for: in the model, in its training, or skipped."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .elements import Taken, followed, taken
from .model import Fate, Plan
from .training import Slot


@dataclass
class Balance:
    """Elements counted; the first five numbers are of the checkpoint's.

    Attributes:
        checkpoint: all of them: those in the model, in its training, skipped and unaccounted for.
        model: in the model, whatever else they are in.
        training: in the optimizer alone.
        skipped: in neither, for a reason that the report gives.
        unaccounted: in neither, for no reason: a fault.
        missing: variable → how many of its elements are unaccounted for.
        cut: variable → how many of its ``elements`` the model leaves out, though it has others,
            and the ``reason``.
        new: of the model, from no variable: ``target``, ``elements``, ``from``.
        copied: variable → the weights among which an element of it is more than once.
    """

    checkpoint: int = 0
    model: int = 0
    training: int = 0
    skipped: int = 0
    unaccounted: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    cut: dict[str, dict[str, Any]] = field(default_factory=dict)
    new: list[dict[str, Any]] = field(default_factory=list)
    copied: dict[str, list[str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        return {
            "checkpoint": self.checkpoint,
            "model": self.model,
            "training": self.training,
            "skipped": self.skipped,
            "unaccounted": self.unaccounted,
            "new": self.new,
            "cut": self.cut,
            "copied": self.copied,
        }

    def warnings(self) -> list[str]:
        """What is off, as sentences.

        Raises:
            AssertionError: something is, where ``TFMIGRATE_DEBUG`` asks for faults to be raised.
        """
        found = [
            f"{count} of the elements of {name} are neither in the model nor skipped for a reason: "
            "this is a fault of the conversion."
            for name, count in self.missing.items()
        ]
        if found and os.environ.get("TFMIGRATE_DEBUG"):
            raise AssertionError(found)
        return found


def balance(plan: Plan, fates: Iterable[Fate]) -> Balance:
    """The balance of a plan.

    Args:
        plan: with its weights and its training; ``plan.cut`` has the reasons of partial weights.
        fates: of all variables of the checkpoint.
    """
    found, model, training, targets = Balance(), Taken(), Taken(), dict[str, list[str]]()
    for weight in plan.weights:
        part = taken(weight.recipe)
        model.add(part)
        for name in part.counts:
            targets.setdefault(name, []).append(weight.target)
        new = math.prod(weight.recipe.shape) if not weight.recipe.sources else part.new
        if new:
            entry = {"target": weight.target, "elements": new, "from": str(weight.recipe)}
            found.new.append(entry)
    cut = set(plan.cut)
    if plan.training is not None:
        for slot in plan.training.slots:
            training.add(_taken_by(slot))
            if cut & set(slot.sources):
                cut |= set(slot.names)
        training.add(Taken(dict.fromkeys(plan.training.targets, 1)))
    both = Taken()
    both.add(model)
    both.add(training)
    for fate in fates:
        size = math.prod(fate.shape)
        used, carried = model.number(fate.name, size), both.number(fate.name, size)
        left = size - carried
        found.checkpoint += size
        found.model += used
        found.training += carried - used
        if left and (fate.reason or fate.name in cut):
            found.skipped += left
        elif left:
            found.unaccounted += left
            found.missing[fate.name] = left
        if left and used:
            reason = plan.cut.get(fate.name, "")
            found.cut[fate.name] = {"elements": left, "reason": reason}
        if model.repeats(fate.name):
            found.copied[fate.name] = targets[fate.name]
    return found


def _taken_by(slot: Slot) -> Taken:
    """What a slot takes of the variables that hold the optimizer's state."""
    if slot.recipe.is_variable:
        total = Taken()
        for recipe in slot.sources.values():
            total.add(taken(recipe))
        return total
    shapes = {
        leaf: shape for recipe in slot.sources.values() for leaf, shape in recipe.shapes.items()
    }

    def make(read: Any) -> np.ndarray:
        return slot.recipe.make(lambda name: slot.sources[name].make(read), slots=True)

    return followed(make, shapes)
