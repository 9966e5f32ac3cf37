"""Chapter A. First principles."""

from __future__ import annotations

import numpy as np

from ..programs import Values
from ..system import System


def _perceptron(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "points": np.array([[-2, 2], [0, 0], [1, 1]], np.float32),
        "slopes_at": np.arange(-6, 7, dtype=np.float32),
    }


_RISING = ("0.00246653", "0.00664812", "0.01766273", "0.04517666", "0.10499357", "0.19661194")

SYSTEMS: tuple[System, ...] = (
    System(
        "perceptron",
        "one neuron, y = sigmoid(w0 + x·W), and the derivative of the sigmoid",
        Values(
            inputs=_perceptron,
            figures={
                "sigmoid(2)": ("0.8807971",),
                "slope": (*_RISING, "0.25", *reversed(_RISING)),
            },
        ),
        notes={
            "inputs": "A placeholder becomes an argument.",
            "gradient": "tf.gradients adds nodes to the graph; a tape records what is executed.",
        },
    ),
)
