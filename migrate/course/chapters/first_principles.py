"""Chapter A. First principles."""

from __future__ import annotations

import numpy as np

from ...parity import Tolerance
from ..programs import Values
from ..system import System
from .first_principles_exercises import EXERCISES


def _perceptron(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "points": np.array([[-2, 2], [0, 0], [1, 1]], np.float32),
        "slopes_at": np.arange(-6, 7, dtype=np.float32),
    }


def _points(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"points": random.normal(size=(32, 4)).astype(np.float32)}


def _activations(random: np.random.Generator) -> dict[str, np.ndarray]:
    # Above 0, so that a zero is a unit that was dropped.
    return {"activations": random.uniform(0.5, 1.5, (100, 50)).astype(np.float32)}


def _series(random: np.random.Generator) -> dict[str, np.ndarray]:
    # Sixty made-up days: a season and the weather.
    days = np.arange(1, 61)
    season = 10 - 8 * np.cos(2 * np.pi * days / 365)
    return {"series": (season + random.normal(0, 2, 60)).astype(np.float32)}


def _signal(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"signal": random.normal(size=(200, 100)).astype(np.float32)}


_RISING = ("0.00246653", "0.00664812", "0.01766273", "0.04517666", "0.10499357", "0.19661194")

_INITIALIZERS = ("Glorot: sqrt(2/(n_in+n_out))", "He: sqrt(2/n_in)", "LeCun: sqrt(1/n_in)")

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
            tolerances={"y": Tolerance(rtol=2e-7)},
            why="A graph may run the product, the sum and the sigmoid as one fused op, which "
            "computes the sigmoid differently in the last place (ULP). At the default weights "
            "nothing differs.",
        ),
        exercises=EXERCISES["perceptron"],
        notes={
            "inputs": "A placeholder becomes an argument.",
            "gradient": (
                "tf.gradients adds nodes to the graph; a GradientTape records the ops that run."
            ),
        },
    ),
    System(
        "linear-collapse",
        "layers without a nonlinearity equal one linear layer; with ReLU they do not",
        Values(
            inputs=_points,
            why="A single layer equals the three layers up to rounding: it multiplies the "
            "matrices in a different order. With ReLU between the layers, no single "
            "layer equals them.",
        ),
        exercises=EXERCISES["linear-collapse"],
        notes={
            "variables": "Keras layers own their weights; set_weights takes kernel, bias, kernel …",
            "forward": (
                "Dense without an activation is linear: this is the default in TF1 and in TF2."
            ),
            "collapse": "Here, depth adds parameters but no new functions.",
        },
    ),
    System(
        "dense-from-scratch",
        "a dense layer by hand, equal to the built-in one",
        Values(
            inputs=_points,
            folder=True,
            checkpoint="dense.ckpt",
            alone={"built in, without a graph": "TF1 runs only graphs"},
            why="The layer by hand and the built-in layer differ by a few units in the "
            "last place (ULP): in a graph, TensorFlow fuses the matrix product, bias "
            "and sigmoid of the built-in layer into one op, which computes the sigmoid "
            "differently. Without tf.function, Keras fuses nothing.",
        ),
        exercises=EXERCISES["dense-from-scratch"],
        notes={
            "layer": "A TF1 layer is a function that adds ops to the graph and finds its "
            "variables by name; a Keras layer is an object that owns its variables.",
            "variables": (
                "The built-in layers have a bias of shape [units], the notes one of shape "
                "[1, units]."
            ),
        },
    ),
    System(
        "optimizers-by-hand",
        "gradient descent, momentum, RMSProp and Adam written out; averages; three decay rules",
        Values(
            inputs=_series,
            alone=dict.fromkeys(
                ("RMSProp from 0", "RMSProp from 0: difference"),
                "the mean square starts at 0 in Keras, at 1 in TF1",
            ),
            tolerance=Tolerance(atol=5e-7),
            tolerances={"Adam, built in": Tolerance(atol=5e-6)},
            why="The optimizer of a graph multiplies constants in a different order from a "
            "program that runs line by line, which changes a few units in the last "
            "place (ULP). TF1's Adam keeps its betas in float32, where 1 - 0.999 is "
            "smaller by a factor of 1.3e-5. RMSProp differs in Keras until its mean "
            "square is set to 1.",
        ),
        exercises=EXERCISES["optimizers-by-hand"],
        notes={
            "momentum": "TF1 sums gradients and then multiplies by the learning rate; Keras sums "
            "steps. The two agree until the learning rate changes (see "
            "momentum-schedule).",
            "rmsprop": "The mean square starts at 1 in TF1 and at 0 in Keras. In Keras the first "
            "step is rate·sqrt(10), however small the gradient; in TF1 it is "
            "proportional to the gradient.",
            "adam": "The built-in optimizers add epsilon before the bias correction, the notes "
            "after it; with 1e-8 the difference does not show.",
            "decay": "A TF1 schedule is a tensor computed from global_step; a Keras schedule is "
            "an object that the optimizer calls with the step.",
        },
    ),
    System(
        "initialization",
        "signals that vanish, explode or stay stable; Glorot, He, LeCun; 1,000 layers of SELU",
        Values(
            inputs=_signal,
            tolerances=dict.fromkeys(_INITIALIZERS, Tolerance(rtol=0.01)),
            why="The weights of the nets are the same random numbers on both sides. The "
            "built-in initializers of Keras draw other numbers from the same "
            "distribution: 150,000 numbers of each give its standard deviation to a "
            "few thousandths.",
        ),
        exercises=EXERCISES["initialization"],
        notes={
            "forward": (
                "In TF1 a loop adds 1,000 layers to the graph; in TF2 it runs them one "
                "after the other."
            ),
            "vanishing and exploding": (
                "tanh with sigma 1 neither vanishes nor explodes: nearly every unit is at -1 "
                "or 1, where tanh is flat and the gradient is nearly 0."
            ),
            "initializers": (
                "Glorot is the default in TF1 and TF2 for every activation; He and LeCun must "
                "be set."
            ),
        },
    ),
    System(
        "dropout-by-hand",
        "inverted dropout: a mask, a product, a division by the share kept",
        Values(
            inputs=_activations,
            alone={
                "keep_prob against rate": "TF2 has only rate",
                "keras.layers.Dropout: share dropped": "draws its own mask",
                "keras.layers.Dropout: mean after": "draws its own mask",
            },
            tolerances={
                "tf.nn.dropout": Tolerance(rtol=1.2e-7),
                "by hand against tf.nn.dropout": Tolerance(atol=2.4e-7),
            },
            why="tf.nn.dropout divides by keep_prob if that is a tensor (the placeholder), "
            "and multiplies by 1 / keep_prob if it is a number: the results differ by "
            "one unit in the last place (ULP).",
        ),
        exercises=EXERCISES["dropout-by-hand"],
        notes={
            "layer": "keep_prob 0.8 is rate 0.2. In TF1 a placeholder turns dropout off; in "
            "Keras the argument training does, which fit and predict set.",
            "loop": "Without the division, the mean shrinks by the factor keep_prob.",
        },
    ),
)
