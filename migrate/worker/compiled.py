"""The optimizer of a model under construction: made by ``compile_model``, then given its state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..plan.training import step_target
from .keras_model import members, slot_variable


def compile_model(
    model: Any, module: Any, iterations: Sequence[int], given: Mapping[str, Any]
) -> None:
    """Runs the source's ``compile_model``, makes the optimizer's variables and sets the step.

    Args:
        iterations: steps of the optimizer, or of each that it is made of.
        given: arguments of the source's ``compile_model`` beside the model.
    """
    module.compile_model(model, **given)
    model.optimizer.build(model.trainable_variables)
    for optimizer, step in zip(members(model.optimizer), iterations, strict=True):
        counter_of(optimizer).assign(step)


def assign_slots(
    model: Any,
    weights: Mapping[str, Any],
    places: Mapping[str, tuple[int | None, str, str]],
    arrays: Mapping[str, np.ndarray],
) -> dict[str, int]:
    """Sets variables of the optimizer; gives the place of each among all of its variables.

    Args:
        weights: target → variable of the model.
        places: target of a slot → number of its optimizer, attribute there, target of the weight.
        arrays: target of a slot → values.
    """
    all_places = {id(variable): index for index, variable in enumerate(optimizer_variables(model))}
    found = {}
    for target, array in arrays.items():
        variable = slot_variable(model, weights, places[target])
        if tuple(variable.shape) != array.shape:
            raise ValueError(f"{target} has shape {variable.shape}, not {array.shape}")
        variable.assign(array)
        found[target] = all_places[id(variable)]
    return found


def opened_paths(saved: Sequence[bytes], opened: Any, slots: Mapping[str, int]) -> dict[str, str]:
    """Target → path in the opened model of what its optimizer holds.

    Args:
        saved: hashes of the saved optimizer's variables, of :func:`optimizer_variables`.

    Raises:
        ValueError: its state is not the saved one's, bit for bit.
    """
    before, after = saved, optimizer_variables(opened)
    same = [b == bits_of(a) for b, a in zip(before, after, strict=False)]
    if len(before) != len(after) or not all(same):
        raise ValueError(f"model.keras does not contain the optimizer's state: {same}")
    paths = {target: after[place].path for target, place in slots.items()}
    for number, optimizer in enumerate(members(opened.optimizer) if after else ()):
        paths[step_target(number)] = counter_of(optimizer).path
    return paths


def bits_of(variable: Any) -> bytes:
    """A hash of the dtype, shape and bits of a variable: equal where these are."""
    array = np.asarray(variable)
    found = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.digest()


def counter_of(optimizer: Any) -> Any:
    """The variable that counts steps; ``iterations`` of an optimizer that accumulates is none."""
    return optimizer._iterations


def optimizer_variables(model: Any) -> list[Any]:
    """All variables of the optimizer, those of the optimizers it is made of among them."""
    optimizer = getattr(model, "optimizer", None)
    return [] if optimizer is None else list(optimizer.variables)
