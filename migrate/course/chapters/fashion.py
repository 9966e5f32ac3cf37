"""Chapter C. Fashion-MNIST."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...parity import Tolerance
from .. import prepare
from ..programs import Kernel, Training, Values
from ..system import System
from .causes import ADAM
from .fashion_exercises import EXERCISES

# Keras keeps the factor as float32, in a float64 run too.
_L2 = float(np.float32(0.01))

_SCALED = prepare.validated(prepare.scaled_classes)


def _rounding(cause: str, rtol: float = 1e-6) -> dict[str, Any]:
    """Fields of a case whose two sides compute the same values in a different order."""
    return {"tolerance": Tolerance(rtol=rtol), "why": cause}


def _kernel(name: str, cause: str) -> dict[str, Any]:
    """Fields of a case whose optimizer differs from TF1's only by rounding."""
    return {"kernel": Kernel(name, Tolerance(rtol=1e-6)), "why": cause}


_MOMENTUM = _kernel(
    "Momentum",
    "TF1 sums gradients and multiplies the sum by the learning rate; Keras sums steps. "
    "While the learning rate is constant, the two differ only by rounding.",
)

SYSTEMS: tuple[System, ...] = (
    System(
        "activations",
        "784 → 300 → 100 → 10 with LeakyReLU, ELU and SELU, plain gradient descent",
        Training(
            data="fashion-like",
            prepare=_SCALED,
            epochs=10,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "LeakyReLU": {"arguments": {"activation": "leaky_relu"}},
                "ELU": {"arguments": {"activation": "elu"}},
                "SELU": {"arguments": {"activation": "selu"}},
            },
        ),
        exercises=EXERCISES["activations"],
        notes={
            "variables": "Each activation has its own initializer: SELU keeps mean 0 and standard "
            "deviation 1 only with LeCun's, the others use He's.",
            "forward": "The slope of LeakyReLU is 0.2 in tf.nn.leaky_relu and in Keras's "
            'activation "leaky_relu"; in the layer keras.layers.LeakyReLU() it is 0.3.',
        },
    ),
    System(
        "deep-100",
        "a hundred hidden layers: SELU with LeCun's initializer against ReLU with He's",
        Training(
            data="fashion-like",
            prepare=prepare.validated(prepare.standardized_classes),
            epochs=5,
            brief=3,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "SELU": {"arguments": {"activation": "selu"}},
                "ReLU": {"arguments": {"activation": "relu"}},
            },
        ),
        exercises=EXERCISES["deep-100"],
        notes={
            "inputs": (
                "SELU normalizes itself only for inputs with mean 0 and standard deviation 1."
            ),
            "variables": "A hundred initializers with a hundred seeds: with a single seed, all "
            "layers of the same shape would start with the same weights.",
        },
    ),
    System(
        "batch-norm",
        "batch normalization of inputs and hidden layers, after the activation or before it",
        Training(
            data="fashion-like",
            prepare=_SCALED,
            epochs=10,
            brief=6,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "after": {"arguments": {"before": False}},
                "before": {"arguments": {"before": True}},
            },
            **_rounding(
                "TF1 updates a moving average as average - (average - value) · 0.01, Keras as "
                "average · 0.99 + value · 0.01. The gradients of mean and variance are summed "
                "in a different order."
            ),
        ),
        exercises=EXERCISES["batch-norm"],
        notes={
            "inputs": (
                "In TF1 the phase must be fed; Keras knows whether fit or evaluate is running."
            ),
            "optimizer": "TF1's layers add their updates to the collection UPDATE_OPS, which "
            "nothing runs by default: without control_dependencies the moving averages "
            "stay at 0 and 1. A Keras layer updates them itself when it is called with "
            "training=True.",
            "save": "The moving averages are not trainable, but they are part of the model.",
        },
    ),
    System(
        "transfer",
        "a classifier of eight classes passes its layers to a classifier of the two other classes",
        Values(
            data="wardrobe-like",
            prepare=prepare.ten_classes(_SCALED),
            arguments={"epochs": 20, "frozen": 4},
            folder=True,
            checkpoint="initial.ckpt",
            beats={"B on A: accuracy": "B from scratch: accuracy"},
            tolerances={
                f"{part}: loss by epoch": Tolerance(rtol=1e-6)
                for part in ("A", "B from scratch", "B on A")
            }
            | {f"{part}: logits": Tolerance(atol=1e-5) for part in ("B from scratch", "B on A")},
            why="Keras multiplies a mean loss by the number of examples and divides by it "
            "again, which can change it by one unit in the last place (ULP). Keras "
            "adds a bias of one unit with Add, whose gradient is summed in a different "
            "order from that of BiasAdd; with Add in TF1 too, everything is "
            "bit-identical.",
        ),
        exercises=EXERCISES["transfer"],
        notes={
            "optimizer": "In TF1 the training op decides which variables are frozen; in Keras the "
            "layer does, and compile() must follow, or fit() continues as before.",
            "transfer": "TF1 copies weights by name, through a checkpoint: a dict maps names in "
            "the checkpoint to variables of the graph. Keras uses the layers "
            "themselves, so make a copy if model A must not change.",
        },
    ),
    System(
        "optimizers",
        "one SELU net, 784 → 300 → 100 → 10, under ten optimizers",
        Training(
            data="fashion-like",
            prepare=_SCALED,
            epochs=10,
            brief=3,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "SGD": {"arguments": {"optimizer": "sgd"}},
                "momentum": {"arguments": {"optimizer": "momentum"}, **_MOMENTUM},
                "Nesterov": {"arguments": {"optimizer": "nesterov"}, **_MOMENTUM},
                "Adagrad": {
                    "arguments": {"optimizer": "adagrad"},
                    **_rounding(
                        "TF1 multiplies by the reciprocal of a square root; Keras divides by "
                        "the square root. Keras's epsilon of 1e-7 under the root is set to 0, "
                        "because TF1 has none."
                    ),
                },
                "RMSProp": {
                    "arguments": {"optimizer": "rmsprop"},
                    **_kernel(
                        "RMSProp",
                        "With an initial mean square of 1, as in TF1, only rounding "
                        "remains: TF1 adds (g² - ms) · 0.1, Keras computes 0.9 · ms + 0.1 "
                        "· g².",
                    ),
                },
                "RMSProp, Keras's own": {
                    "arguments": {"optimizer": "rmsprop_keras"},
                    "departs": 0.1,
                    "why": "The mean square of the gradients starts at 1 in TF1 and at 0 in "
                    "Keras. TF1's first step is about lr · g; Keras's is lr / "
                    "sqrt(0.1) for each weight, whatever its gradient.",
                },
                "Adam": {"arguments": {"optimizer": "adam"}, **ADAM},
                "Ftrl": {
                    "arguments": {"optimizer": "ftrl"},
                    **_rounding("TF1 updates with one fused op; Keras uses several ops."),
                },
                "Adadelta": {
                    "arguments": {"optimizer": "adadelta"},
                    **_kernel("Adadelta", "TF1 updates with one fused op; Keras uses several ops."),
                },
                "Nadam": {
                    "arguments": {"optimizer": "nadam"},
                    "forms": ("keras",),
                    "why": "No TF1 twin: tf.train has no Nadam (tf.contrib.opt had one).",
                },
                "AdaMax": {
                    "arguments": {"optimizer": "adamax"},
                    "forms": ("keras",),
                    "why": "No TF1 twin: tf.train has no AdaMax (tf.contrib.opt had one).",
                },
            },
        ),
        exercises=EXERCISES["optimizers"],
        notes={
            "variables": "The slots are variables too. TF1's RMSProp starts its mean square at 1, "
            "Keras's at 0.",
            "optimizer": "The names of the hyperparameters changed (decay became rho), and so did "
            "the defaults: epsilon is 1e-10 in TF1's RMSProp, 1e-8 in its Adam and "
            "Adadelta, and 1e-7 everywhere in Keras.",
            "save": "A TF1 checkpoint stores the slots next to the weights, with names like "
            "hidden1/kernel/Momentum.",
        },
    ),
    System(
        "schedules",
        "learning rates that change: five schedules and the learning-rate finder",
        Training(
            data="fashion-like",
            prepare=_SCALED,
            epochs=25,
            brief=6,
            batch_size=32,
            learning_rate=0.01,
            forms=("session", "keras"),
            passes=("epochs", "steps_per_epoch"),
            cases={
                "power": {"arguments": {"rate": "power"}},
                "exponential": {"arguments": {"rate": "exponential"}},
                "piecewise": {"arguments": {"rate": "piecewise"}},
                "1cycle": {"arguments": {"rate": "1cycle"}},
            },
        ),
        Values(
            data="fashion-like",
            prepare=_SCALED,
            arguments={"epochs": 12, "patience": 5, "gain": 0.02},
            folder=True,
            checkpoint="initial.ckpt",
            tolerances={"performance: validation loss": Tolerance(rtol=1e-5)},
            departs={"validation loss, Keras's momentum": 1e-3},
            why="Performance scheduling changes the learning rate of a net with momentum. "
            "TF1 sums gradients, so a new rate applies to all of them; Keras sums "
            "steps, which keep their old rates. With a custom optimizer that follows "
            "TF1's rule, the validation losses differ only by rounding: of the sums, "
            "and of a mean over batches.",
        ),
        exercises=EXERCISES["schedules"],
        notes={
            "schedule": "The formulas are the same, with new names: inverse_time_decay became "
            "InverseTimeDecay. In both versions, a boundary of the piecewise constant "
            "schedule is the last step with the old value.",
            "optimizer": "TF1 counts steps only if minimize() receives global_step; without it the "
            "learning rate never changes, and TF1 does not warn.",
        },
    ),
    System(
        "regularization",
        "an ELU net with L2, with dropout, with max-norm",
        Training(
            data="fashion-like",
            prepare=_SCALED,
            epochs=10,
            brief=3,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "L2": {
                    "arguments": {"l2": _L2},
                    **_rounding(
                        f"{ADAM['why']} The weights are bit-identical; the penalties are added "
                        "to the loss in a different order."
                    ),
                },
                "dropout": {"arguments": {"dropout": 0.2}},
                "max-norm": {"arguments": {"max_norm": 1.0}},
                "L2, Nadam": {
                    "arguments": {"l2": _L2, "optimizer": "nadam"},
                    "forms": ("keras",),
                    "why": "As in the notes. No TF1 twin: tf.train has no Nadam.",
                },
            },
            **ADAM,
        ),
        exercises=EXERCISES["regularization"],
        notes={
            "variables": (
                "TF1 collects the penalties in the graph; in Keras they belong to the layer."
            ),
            "loss": (
                "In TF1 the program must add the penalties to the loss; in Keras fit() adds them."
            ),
            "optimizer": "Keras applies a constraint after each update; in TF1 the program runs a "
            "clipping op that depends on the update.",
        },
    ),
    System(
        "mc-dropout",
        "a hundred predictions with dropout left on: mean, standard deviation, accuracy",
        Values(
            data="fashion-like",
            prepare=_SCALED,
            arguments={"epochs": 6, "samples": 100},
            folder=True,
            checkpoint="initial.ckpt",
        ),
        exercises=EXERCISES["mc-dropout"],
        notes={
            "inputs": "In TF1 the phase is an input: feed True, and dropout stays on.",
            "dropout": "In Keras a subclass of Dropout stays on; model(x, training=True) would "
            "also switch batch normalization to training mode.",
        },
    ),
)
