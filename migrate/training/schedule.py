"""A learning-rate schedule of TensorFlow 1 → the Keras object that gives the same rates."""

from __future__ import annotations

import math

from ..graph import Schedule
from ..plan.training import New

_KERAS = "keras.optimizers.schedules."
# kind: (class, {argument of tf.train: argument of Keras}, defaults that need not be written)
_CLASSES: dict[str, tuple[str, dict[str, str], dict[str, object]]] = {
    "exponential_decay": (
        _KERAS + "ExponentialDecay",
        {"learning_rate": "initial_learning_rate", "decay_steps": "decay_steps"}
        | {"decay_rate": "decay_rate", "staircase": "staircase"},
        {"staircase": False},
    ),
    "inverse_time_decay": (
        _KERAS + "InverseTimeDecay",
        {"learning_rate": "initial_learning_rate", "decay_steps": "decay_steps"}
        | {"decay_rate": "decay_rate", "staircase": "staircase"},
        {"staircase": False},
    ),
    "polynomial_decay": (
        _KERAS + "PolynomialDecay",
        {"learning_rate": "initial_learning_rate", "decay_steps": "decay_steps"}
        | {"end_learning_rate": "end_learning_rate", "power": "power", "cycle": "cycle"},
        {"power": 1.0, "cycle": False},
    ),
    "piecewise_constant": (
        _KERAS + "PiecewiseConstantDecay",
        {"boundaries": "boundaries", "values": "values"},
        {},
    ),
    "cosine_decay": (
        _KERAS + "CosineDecay",
        {"learning_rate": "initial_learning_rate", "decay_steps": "decay_steps", "alpha": "alpha"},
        {"alpha": 0.0},
    ),
    "cosine_decay_restarts": (
        _KERAS + "CosineDecayRestarts",
        {"learning_rate": "initial_learning_rate", "first_decay_steps": "first_decay_steps"}
        | {"t_mul": "t_mul", "m_mul": "m_mul", "alpha": "alpha"},
        {"t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0},
    ),
    "linear_cosine_decay": (
        "LinearCosineDecay",
        {"learning_rate": "initial_learning_rate", "decay_steps": "decay_steps"}
        | {"num_periods": "num_periods", "alpha": "alpha", "beta": "beta"},
        {"num_periods": 0.5, "alpha": 0.0, "beta": 0.001},
    ),
}


def classes() -> dict[str, str]:
    """Schedule of tf.train → the class that stands for it."""
    return {kind: name for kind, (name, _, _) in _CLASSES.items()}


def keras_schedule(schedule: Schedule) -> New | None:
    """The object that gives the same rates, or None where there is none of this kind."""
    kind, arguments = schedule.kind, dict(schedule.arguments)
    if kind == "natural_exp_decay":
        kind, arguments["decay_rate"] = "exponential_decay", math.exp(-arguments["decay_rate"])
    if kind not in _CLASSES:
        return None
    name, names, defaults = _CLASSES[kind]
    written = {
        names[key]: value
        for key, value in arguments.items()
        if key in names and (key not in defaults or defaults[key] != value)
    }
    return New(name, written)
