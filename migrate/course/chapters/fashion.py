"""Chapter C. Fashion-MNIST."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...parity import Tolerance
from .. import prepare
from ..programs import Kernel, Training, Values
from ..system import System
from .causes import ADAM

# Keras keeps the factor as float32, in a float64 run too.
_L2 = float(np.float32(0.01))

_SCALED = prepare.validated(prepare.scaled_classes)


def _rounding(cause: str, rtol: float = 1e-6) -> dict[str, Any]:
    """Fields of a case whose two sides compute the same in another order."""
    return {"tolerance": Tolerance(rtol=rtol), "why": cause}


def _kernel(name: str, cause: str) -> dict[str, Any]:
    """Fields of a case whose optimizer differs from TF1's by rounding alone."""
    return {"kernel": Kernel(name, Tolerance(rtol=1e-6)), "why": cause}


_MOMENTUM = _kernel(
    "Momentum",
    "TF1 sums gradients and multiplies the sum by the rate, Keras sums steps: the same while the "
    "rate is constant, but for rounding.",
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
        notes={
            "variables": "Each activation has its rule: SELU keeps mean 0 and deviation 1 only "
            "with LeCun's, the others take He's.",
            "forward": "The slope of LeakyReLU is 0.2 in tf.nn.leaky_relu and in Keras's "
            'activation "leaky_relu"; the layer keras.layers.LeakyReLU() has 0.3.',
        },
    ),
    System(
        "deep-100",
        "a hundred hidden layers: SELU with LeCun's rule against ReLU with He's",
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
        notes={
            "inputs": "SELU normalizes itself only from inputs of mean 0 and deviation 1.",
            "variables": "A hundred initializers with a hundred seeds: one seed for all would give "
            "layers of one shape the same weights.",
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
                "TF1 moves an average by (average - value) · 0.01, Keras by average · 0.99 + value "
                "· 0.01, and the gradients of mean and variance are summed in another order."
            ),
        ),
        notes={
            "inputs": "TF1 has to be fed the phase; Keras knows whether it is fit or evaluate.",
            "optimizer": "UPDATE_OPS is a list that TF1's layers write and that nobody reads: "
            "without control_dependencies the averages stay at 0 and 1. A Keras layer moves them "
            "itself when it is called with training=True.",
            "save": "The averages are not trainable variables, and yet part of the model.",
        },
    ),
    System(
        "transfer",
        "a classifier of eight classes lends its layers to one of two others",
        Values(
            data="wardrobe-like",
            prepare=prepare.ten_classes(_SCALED),
            arguments={"epochs": 20, "frozen": 4},
            folder=True,
            checkpoint="initial.ckpt",
            beats={"B on A: accuracy": "B alone: accuracy"},
            tolerances={
                f"{part}: loss by epoch": Tolerance(rtol=1e-6)
                for part in ("A", "B alone", "B on A")
            }
            | {f"{part}: logits": Tolerance(atol=1e-5) for part in ("B alone", "B on A")},
            why="Keras multiplies a mean loss by the number of examples and divides by it again, "
            "which may move it by a unit of the last place. A bias of one unit is added by Add in "
            "Keras, whose gradient is summed in another order than that of BiasAdd; with Add in "
            "TF1 too, all is bit-identical.",
        ),
        notes={
            "optimizer": "In TF1 freezing is a matter of the operation that is run, in Keras of "
            "the layer; there compile() has to follow, or fit() goes on as before.",
            "transfer": "TF1 copies by name, through a checkpoint: a dict of the names there and "
            "the variables here. Keras takes the layers themselves, so a copy is needed if A is "
            "to stay what it was.",
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
                        "TF1 multiplies by the reciprocal of a root, Keras divides by the root. "
                        "Keras's own epsilon of 1e-7 under the root is set to 0, for TF1 has none."
                    ),
                },
                "RMSProp": {
                    "arguments": {"optimizer": "rmsprop"},
                    **_kernel(
                        "RMSProp",
                        "With the mean square started at 1, as in TF1, only rounding remains: TF1 "
                        "adds (g² - ms) · 0.1, Keras takes 0.9 · ms + 0.1 · g².",
                    ),
                },
                "RMSProp, Keras's own": {
                    "arguments": {"optimizer": "rmsprop_keras"},
                    "departs": 0.1,
                    "why": "TF1 starts the mean square of the gradients at 1, Keras at 0. TF1's "
                    "first step is about lr · g, Keras's is lr / sqrt(0.1) for each weight, "
                    "whatever its gradient.",
                },
                "Adam": {"arguments": {"optimizer": "adam"}, **ADAM},
                "Ftrl": {
                    "arguments": {"optimizer": "ftrl"},
                    **_rounding("Keras writes out as single operations what TF1 has as one."),
                },
                "Adadelta": {
                    "arguments": {"optimizer": "adadelta"},
                    **_kernel(
                        "Adadelta", "Keras writes out as single operations what TF1 has as one."
                    ),
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
        notes={
            "variables": "The slots are variables too. TF1's RMSProp starts its mean square at 1, "
            "Keras's at 0.",
            "optimizer": "The names of the hyper-parameters changed (decay became rho), and so did "
            "the defaults: epsilon 1e-10 in TF1's RMSProp, 1e-8 in its Adam and Adadelta, 1e-7 "
            "everywhere in Keras.",
            "save": "A TF1 checkpoint has the slots beside the weights, under names like "
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
            why="Performance scheduling changes the rate of a net with momentum. TF1 sums "
            "gradients, so a new rate applies to all of them; Keras sums steps, in which the old "
            "rates remain. With TF1's rule in a class of its own the validation losses differ by "
            "rounding alone: of the sums, and of a mean over batches.",
        ),
        notes={
            "schedule": "The same formulas under other names: inverse_time_decay became "
            "InverseTimeDecay. A boundary of the piecewise constant is the last step of its "
            "piece in both.",
            "optimizer": "TF1 counts steps only where minimize() is given global_step; without it "
            "the rate never changes, and nothing is said.",
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
                        f"{ADAM['why']} The weights are the same to the last bit; the penalties "
                        "are added to the loss in another order."
                    ),
                },
                "dropout": {"arguments": {"dropout": 0.2}},
                "max-norm": {"arguments": {"max_norm": 1.0}},
                "L2, Nadam": {
                    "arguments": {"l2": _L2, "optimizer": "nadam"},
                    "forms": ("keras",),
                    "why": "As the notes have it; no TF1 twin, for tf.train has no Nadam.",
                },
            },
            **ADAM,
        ),
        notes={
            "variables": "TF1 collects the penalties, Keras has them in the layer.",
            "loss": "TF1's loss lacks the penalties unless they are added; fit() adds them.",
            "optimizer": "A constraint of Keras is applied after each update; in TF1 it is an "
            "operation that has to depend on the update.",
        },
    ),
    System(
        "mc-dropout",
        "a hundred predictions with dropout left on: mean, deviation, accuracy",
        Values(
            data="fashion-like",
            prepare=_SCALED,
            arguments={"epochs": 6, "samples": 100},
            folder=True,
            checkpoint="initial.ckpt",
        ),
        notes={
            "inputs": "In TF1 the phase is an input, so dropout stays on for whoever feeds True.",
            "dropout": "In Keras a subclass stays on; model(x, training=True) would also put batch "
            "normalization into training.",
        },
    ),
)
