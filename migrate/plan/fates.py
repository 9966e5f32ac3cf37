"""What becomes of every variable of a checkpoint, and why, in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..checkpoint import Variable
from .model import Fate, Plan

_REASONS = {
    "slot": "state of an optimizer, which the model does not contain",
    "moving_average": "a moving average that the outputs do not use",
    "step": "a step counter, which the model does not contain",
    "bookkeeping": "bookkeeping of training and saving",
    "weight": "the selected outputs do not use it; --outputs selects other outputs",
}


def fates(plan: Plan, variables: Iterable[Variable], roles: Mapping[str, str]) -> list[Fate]:
    """One fate for each variable, in the given order.

    Args:
        plan: with its weights.
        variables: of the checkpoint.
        roles: variable name → role.
    """
    targets: dict[str, list[str]] = {}
    for weight in plan.weights:
        for source in weight.recipe.sources:
            targets.setdefault(source, []).append(weight.target)
    training, reasons = plan.training, dict[str, str]()
    if training is not None:
        reasons = training.reasons
        for slot in training.slots:
            for source in slot.names:
                targets.setdefault(source, []).append(slot.target)
        for source, target in training.targets.items():
            targets.setdefault(source, []).append(target)
    found = []
    for v in variables:
        role = roles.get(v.name, "weight")
        if v.name in targets:
            used = tuple(targets[v.name])
            found.append(Fate(v.name, v.shape, v.dtype, role, "converted", used))
        else:
            reason = reasons.get(v.name, _REASONS[role])
            found.append(Fate(v.name, v.shape, v.dtype, role, "skipped", reason=reason))
    return found
