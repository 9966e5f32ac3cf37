"""The training step, from the step variables, the beta powers and the file name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..checkpoint import Role, Variable
from ..graph import GraphVariable, Optimizer
from .wording import listed, shown

_SUFFIX = re.compile(r"(?s).*[^\d.](\d+)")
_DEFAULT_BETA2 = 0.999  # tf.train.AdamOptimizer (tensorflow/python/training/adam.py)


@dataclass(frozen=True)
class Step:
    """One statement about the step.

    Attributes:
        value: the number of steps; None if it cannot be determined.
        origin: the variable, or "file name".
        kind: "variable", "beta_power" or "file_name".
        detail: how it was found, where that needs an explanation.
    """

    value: int | None
    origin: str
    kind: str
    detail: str = ""


def find_steps(
    name: str,
    variables: Mapping[str, Variable],
    roles: Mapping[str, Role],
    optimizers: Sequence[Optimizer],
    graph_variables: Mapping[str, GraphVariable],
    read: Callable[[str], np.ndarray],
) -> list[Step]:
    """All statements about the step, the most reliable first.

    Args:
        name: the checkpoint's file name.
        read: returns the values of a variable by its key.
    """
    steps = []
    for key, role in roles.items():
        if role.kind == "step" and variables[key].size == 1:
            steps.append(Step(int(read(key).reshape(-1)[0]), key, "variable"))
    betas = {
        graph_variables[o.shared["beta2_power"]].key: o.hyperparameters["beta2"]
        for o in optimizers
        if o.shared.get("beta2_power") in graph_variables and "beta2" in o.hyperparameters
    }
    for key, role in roles.items():
        if role.slot == "beta2_power" and variables[key].size == 1:
            steps.append(_from_power(key, float(read(key).reshape(-1)[0]), betas.get(key)))
    if match := _SUFFIX.fullmatch(name):
        steps.append(Step(int(match[1]), "file name", "file_name"))
    return steps


def _from_power(key: str, power: float, beta2: float | None) -> Step:
    """beta2_power is beta2^(t + 1) after t steps, multiplied up in float32.

    The float32 value of beta2 is what was multiplied: at 87,000 steps Python's 0.999 is more than
    one step off. Further on the power is 0.
    """
    assumed = "" if beta2 is not None else f"assuming beta2 {_DEFAULT_BETA2}"
    base = float(np.float32(beta2 or _DEFAULT_BETA2))
    if not 0.0 < base < 1.0 or not 0.0 <= power <= 1.0:
        return Step(None, key, "beta_power", "not a power of a decay rate")
    if power < float(np.finfo(np.float32).tiny):
        least = math.ceil(math.log(float(np.finfo(np.float32).tiny)) / math.log(base)) - 1
        return Step(None, key, "beta_power", f"is 0 in float32: {least:,} steps or more")
    return Step(round(math.log(power) / math.log(base) - 1), key, "beta_power", assumed)


def steps_text(steps: Sequence[Step]) -> str:
    """``"20 (global_step, beta2_power) or 9 (file name)"``."""
    said: dict[str, list[str]] = {}
    for step in steps:
        what = f"{step.value:,}" if step.value is not None else "unknown"
        origin = f"{shown(step.origin)} {step.detail}" if step.detail else step.origin
        said.setdefault(what, []).append(origin)
    return " or ".join(f"{what} ({listed(origins)})" for what, origins in said.items())
