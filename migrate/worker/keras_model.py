"""A Keras model on any backend: its variables by path, and the state of its optimizer.

This file needs nothing but Keras, so that ``backend.py`` can use it in another interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def weights_of(model: Any) -> dict[str, Any]:
    """``layer/variable`` → Keras variable; a Sequential model does not put its name in front."""
    found = {}
    for layer in model.layers:
        for variable in layer.weights:
            path = path_of(variable)
            # When a file is opened, what a layer wraps is built before it: its name is missing.
            _, within, below = f"/{path}".partition(f"/{layer.name}/")
            found[f"{layer.name}/{below if within else path}"] = variable
    return found


def path_of(variable: Any) -> str:
    """The path of a Keras variable; in Keras 2, ``layer/kernel:0``, it is a name."""
    return getattr(variable, "path", None) or variable.name.partition(":")[0]


def members(optimizer: Any) -> list[Any]:
    """The optimizers that one is made of; itself, most of the time."""
    return list(getattr(optimizer, "optimizers", [optimizer]))


def slot_variable(
    model: Any, weights: Mapping[str, Any], place: tuple[int | None, str, str]
) -> Any:
    """The optimizer's variable at a place: its number, attribute there, the weight's target."""
    member, attribute, weight = place
    optimizer = members(model.optimizer)[member or 0]
    return getattr(optimizer, attribute)[optimizer._get_variable_index(weights[weight])]


def set_rates(optimizer: Any, rates: list[float | None]) -> None:
    """Sets the learning rate of each optimizer that one is made of, but for None."""
    for member, rate in zip(members(optimizer), rates, strict=True):
        if rate is not None:
            member.learning_rate = rate


def without_dropout(model: Any) -> None:
    """Switches dropout off, in the step of a loop too."""
    import keras

    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
