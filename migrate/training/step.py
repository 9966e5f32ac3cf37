"""How many updates an optimizer has done, by its step variable and by Adam's powers of beta."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..graph import Optimizer, Trainer
from ..plan.recipe import Read, Recipe

_UNDERFLOW = 1e-30  # float32 powers below this have lost digits


def count_steps(
    optimizer: Optimizer, recipes: Mapping[str, Recipe], read: Read
) -> tuple[int | None, str]:
    """Updates done, or None where nothing says; and what is assumed or disagrees, or "".

    After ``t`` updates ``beta_power`` is ``beta ** (t + 1)``
    (tensorflow/python/training/adam.py, 1.15), with beta in float32.
    """
    counted = _value(optimizer.step, recipes, read)
    step = None if counted is None else int(counted)
    powers = {
        name: steps
        for name in ("beta2_power", "beta1_power")
        if (steps := _from_power(optimizer, name, recipes, read)) is not None
    }
    if step is None:
        if not powers:
            return _gone(optimizer, recipes, read)
        exact = next(iter(powers.values()))
        return round(exact), ""
    for name, exact in powers.items():
        if abs(exact - step) > max(0.5, 1e-4 * step):
            return step, (
                f"{optimizer.step} is {step}, but {name} shows that {round(exact)} updates "
                f"were done; {step} is used"
            )
    return step, ""


def by_own_steps(trainer: Trainer, recipes: Mapping[str, Recipe], read: Read) -> Trainer:
    """The trainer without a step variable that counts otherwise than its powers of beta.

    Two optimizers may increase one ``global_step``: each has its own powers, and where its rate
    does not go by the step, these alone decide.
    """
    own = replace(trainer, optimizer=replace(trainer.optimizer, step=None))
    if trainer.schedule.step is not None or not trainer.optimizer.shared:
        return trainer
    counted, told = count_steps(own.optimizer, recipes, read)
    known = counted is not None and not told
    disagree = count_steps(trainer.optimizer, recipes, read)[1]
    return own if known and disagree else trainer


def _gone(
    optimizer: Optimizer, recipes: Mapping[str, Recipe], read: Read
) -> tuple[int | None, str]:
    """A step at which Adam corrects nothing more, where its powers of beta have run to 0."""
    betas = [
        float(beta)
        for name, node in optimizer.shared.items()
        if (power := _value(node, recipes, read)) is not None
        and 0 <= power <= _UNDERFLOW
        and 0 < float(beta := optimizer.hyperparameters.get(name.removesuffix("_power"), 0)) < 1
    ]
    if not betas:
        return None, ""
    least = math.ceil(math.log(_UNDERFLOW) / math.log(max(betas)))
    return least, (
        f"the number of updates done is not known, because the program has no step and its powers "
        f"of beta have run to 0; the optimizer's iterations are set to {least}, where the bias "
        "correction of Adam has no effect, as in TensorFlow 1"
    )


def step_source(optimizer: Optimizer, recipes: Mapping[str, Recipe]) -> str | None:
    """The variable that :func:`count_steps` goes by, as the checkpoint calls it."""
    for node in (optimizer.step, *map(optimizer.shared.get, ("beta2_power", "beta1_power"))):
        if node is not None and node in recipes:
            return recipes[node].sources[0]
    return None


def _from_power(
    optimizer: Optimizer, name: str, recipes: Mapping[str, Recipe], read: Read
) -> float | None:
    beta = optimizer.hyperparameters.get(name.removesuffix("_power"))
    power = _value(optimizer.shared.get(name), recipes, read)
    if beta is None or power is None or not 0 < float(beta) < 1 or not _UNDERFLOW < power < 1:
        return None
    return math.log(power) / math.log(float(np.float32(beta))) - 1


def _value(node: str | None, recipes: Mapping[str, Recipe], read: Read) -> float | None:
    if node is None or node not in recipes:
        return None
    array = recipes[node].make(read)
    return float(array.reshape(-1)[0]) if array.size == 1 else None
