"""Chapter A. First principles."""

from __future__ import annotations

import numpy as np

from ...parity import Tolerance
from ..programs import Values
from ..system import System


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
        ),
        notes={
            "inputs": "A placeholder becomes an argument.",
            "gradient": "tf.gradients adds nodes to the graph; a tape records what is executed.",
        },
    ),
    System(
        "linear-collapse",
        "layers without a non-linearity are one linear layer; with ReLU they are not",
        Values(
            inputs=_points,
            why="The one layer is as good as the three up to rounding: a product of matrices in "
            "another order. With ReLU between the layers no single layer is.",
        ),
        notes={
            "variables": "Keras layers own their weights; set_weights takes kernel, bias, kernel …",
            "forward": "Dense without an activation is linear: the default of both eras.",
            "collapse": "Depth adds parameters here, and nothing that could be computed with them.",
        },
    ),
    System(
        "dense-from-scratch",
        "a dense layer by hand, equal to the built-in one",
        Values(
            inputs=_points,
            folder=True,
            checkpoint="dense.ckpt",
            alone={"built in, without a graph": "TF1 has nothing but graphs"},
            why="By hand and built in are a few units of the last place apart: in a graph, "
            "TensorFlow fuses product, bias and sigmoid of the built-in layer into one operation, "
            "with a sigmoid of its own. Without tf.function Keras fuses nothing.",
        ),
        notes={
            "layer": "A TF1 layer is a function that adds to the graph, and finds its variables "
            "again by name; a Keras layer is an object that owns them.",
            "variables": "The built-in layers have a bias of shape [units], the notes' [1, units].",
        },
    ),
    System(
        "optimizers-by-hand",
        "gradient descent, momentum, RMSProp and Adam written out; averages; three decay rules",
        Values(
            inputs=_series,
            alone=dict.fromkeys(
                ("RMSProp from 0", "RMSProp from 0: how far off"),
                "Keras starts the mean of squares at 0, TF1 at 1",
            ),
            tolerance=Tolerance(atol=5e-7),
            tolerances={"Adam, built in": Tolerance(atol=5e-6)},
            why="A graph's optimizer multiplies constants in another order than a program that "
            "runs line by line: some units of the last place. TF1's Adam has its betas in float32, "
            "where 1 - 0.999 is 1.3e-5 smaller. RMSProp is another method in Keras until its mean "
            "of squares is set to 1.",
        ),
        notes={
            "momentum": "TF1 sums up gradients and multiplies by the learning rate afterwards, "
            "Keras sums up steps: alike until the rate changes (see momentum-schedule).",
            "rmsprop": "TF1 starts the mean of squares at 1 and Keras at 0. There the first step "
            "is rate·sqrt(10), however small the gradient; in TF1 it is as small as the gradient.",
            "adam": "The built-in ones add epsilon before the correction, the notes after it; "
            "with 1e-8 nothing is seen of it.",
            "decay": "A TF1 schedule is a tensor computed from global_step; a Keras schedule is an "
            "object that is called with a step.",
        },
    ),
    System(
        "initialization",
        "signals that vanish, explode or are kept; Glorot, He, LeCun; 1,000 layers of SELU",
        Values(
            inputs=_signal,
            tolerances=dict.fromkeys(_INITIALIZERS, Tolerance(rtol=0.01)),
            why="The weights of the nets are the same random numbers on both sides. The built-in "
            "initializers draw others in Keras, from the same distribution: 150,000 numbers of "
            "each give its deviation to a few thousandths.",
        ),
        notes={
            "forward": "A loop writes 1,000 layers into a graph, or runs them one after the other.",
            "vanishing and exploding": "tanh with sigma 1 neither vanishes nor explodes: nearly "
            "every unit is at -1 or 1, where tanh is flat and no gradient comes through.",
            "initializers": "Glorot is the default of both eras, for every activation; He and "
            "LeCun have to be asked for.",
        },
    ),
    System(
        "dropout-by-hand",
        "inverted dropout: a mask, a product, a division by what is kept",
        Values(
            inputs=_activations,
            alone={
                "keep_prob against rate": "TF2 has rate only",
                "keras.layers.Dropout: share dropped": "draws a mask of its own",
                "keras.layers.Dropout: mean after": "draws a mask of its own",
            },
            tolerances={
                "tf.nn.dropout": Tolerance(rtol=1.2e-7),
                "by hand against tf.nn.dropout": Tolerance(atol=2.4e-7),
            },
            why="tf.nn.dropout divides by keep_prob where that is a tensor (the placeholder), and "
            "multiplies by 1 / keep_prob where it is a number: one unit of the last place.",
        ),
        notes={
            "layer": "keep_prob 0.8 is rate 0.2. In TF1 a placeholder turns dropout off, in Keras "
            "the argument training, which fit and predict set.",
            "loop": "Not divided, the mean shrinks to keep_prob of what it was.",
        },
    ),
)
