"""Copies of a Keras model, made of what it is when it is written down: changed, or in float64.

What differs only by rounding agrees in float64.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .keras_model import members, weights_of


@contextmanager
def float64(wide: bool) -> Iterator[None]:
    """Lets Keras make float64 of what has no dtype, layers of a formula too, if ``wide``."""
    import keras

    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    try:
        if wide:
            keras.config.set_floatx("float64")
            keras.config.set_dtype_policy("float64")
        yield
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy)


def state_of(model: Any) -> list[Any]:
    """All variables that training changes: those of the layers, then of each optimizer.

    Without the states of random generators: a copy without dropout does not have them.
    """
    own = [variable for each in members(model.optimizer) for variable in each.variables]
    return [*model.weights, *own]


def training_copy(model: Any, start: Sequence[np.ndarray]) -> Any:
    """A compiled model in float64.

    Args:
        model: a compiled one.
        start: the values of :func:`state_of` that the copy starts from.
    """
    import keras

    written = json.loads(model.to_json())
    written.pop("compile_config", None)
    with float64(True):
        made = keras.models.model_from_json(json.dumps(widened(written)))
        # As Keras writes it to a file; the learning rate is a number there.
        made.compile_from_config(widened(model.get_compile_config()))
        for variable, value in zip(state_of(made), start, strict=True):
            variable.assign(value.astype(variable.dtype))
    return made


def changed_copy(
    model: Any, changes: Mapping[str, Any], weights: Mapping[str, np.ndarray], wide: bool
) -> Any:
    """A model with other configurations, weights or precision; itself where there are none."""
    import keras

    if not changes and not weights and not wide:
        return model
    written = json.loads(model.to_json())
    written.pop("compile_config", None)
    for entry in written["config"]["layers"]:
        name = entry["config"].get("name") or entry.get("name")
        if name in changes:
            _merge(entry["config"], changes[name])
    made = keras.models.model_from_json(json.dumps(widened(written) if wide else written))
    old, new = weights_of(model), weights_of(made)
    for target, variable in new.items():
        value = weights[target] if target in weights else np.asarray(old[target].value)
        variable.assign(value.astype(variable.dtype))
    return made


def _merge(config: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            _merge(config[key], value)
        else:
            config[key] = value


def widened(written: Any) -> Any:
    """A model as Keras writes it down, in float64: names and vocabularies are left as they are.

    Numbers are what they are in float32, as in a graph.
    """
    if isinstance(written, float):
        return float(np.float32(written))
    if isinstance(written, list):
        return [widened(part) for part in written]
    if not isinstance(written, dict):
        return written
    return {k: _wide_dtype(v) if k == "dtype" else widened(v) for k, v in written.items()}


def _wide_dtype(written: Any) -> Any:
    """A dtype, or a policy of that name, in float64 where it is float32."""
    if isinstance(written, dict):
        config = written["config"]
        return {**written, "config": {**config, "name": _wide_dtype(config["name"])}}
    return "float64" if written == "float32" else written
