"""The optimizer of a model under construction: made by ``compile_model``, then given its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

ITERATION = "optimizer/iteration"
"""Target of the step counter."""


def compile_model(model: Any, module: Any, iterations: int) -> None:
    """Runs the source's ``compile_model``, makes the optimizer's variables and sets the step."""
    module.compile_model(model)
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(iterations)


def assign_slots(
    model: Any,
    weights: Mapping[str, Any],
    places: Mapping[str, tuple[str, str]],
    arrays: Mapping[str, np.ndarray],
) -> dict[str, int]:
    """Sets variables of the optimizer; gives the place of each among all of its variables.

    Args:
        weights: target → variable of the model.
        places: target of a slot → attribute of the optimizer, and target of the weight.
        arrays: target of a slot → values.
    """
    order = {id(variable): index for index, variable in enumerate(model.trainable_variables)}
    all_places = {id(variable): index for index, variable in enumerate(model.optimizer.variables)}
    found = {}
    for target, array in arrays.items():
        attribute, weight = places[target]
        variable = getattr(model.optimizer, attribute)[order[id(weights[weight])]]
        if tuple(variable.shape) != array.shape:
            raise ValueError(f"{target} has shape {variable.shape}, not {array.shape}")
        variable.assign(array)
        found[target] = all_places[id(variable)]
    return found


def opened_paths(saved: Any, opened: Any, slots: Mapping[str, int]) -> dict[str, str]:
    """Target → path in the opened model of what its optimizer holds.

    Raises:
        ValueError: its state is not the saved one's, bit for bit.
    """
    before, after = _variables(saved), _variables(opened)
    same = [
        np.array_equal(np.asarray(b), np.asarray(a)) for b, a in zip(before, after, strict=False)
    ]
    if len(before) != len(after) or not all(same):
        raise ValueError(f"model.keras does not hold the optimizer's state: {same}")
    paths = {target: after[place].path for target, place in slots.items()}
    return paths | ({ITERATION: opened.optimizer.iterations.path} if after else {})


def _variables(model: Any) -> list[Any]:
    optimizer = getattr(model, "optimizer", None)
    return [] if optimizer is None else list(optimizer.variables)
