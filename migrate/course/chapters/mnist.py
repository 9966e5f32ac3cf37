"""Chapter B. MNIST."""

from __future__ import annotations

from .. import prepare
from ..programs import Training
from ..system import System
from .causes import ADAM

SYSTEMS: tuple[System, ...] = (
    System(
        "mlp",
        "784 → 256 → 10, ReLU, softmax cross-entropy, plain gradient descent",
        Training(
            data="digits",
            epochs=20,
            batch_size=128,
            learning_rate=0.001,
            tape="Mlp",
            targets={
                "w0": "hidden/kernel",
                "b0": "hidden/bias",
                "w1": "logits/kernel",
                "b1": "logits/bias",
            },
        ),
        notes={
            "variables": "Sigma 1 is what tf.random_normal gives; no Keras default equals it, so "
            "the initializer is named.",
            "forward": "Both add the bias with bias_add: its gradient sums the batch in the order "
            "in which Keras does. With + the two eras part in the last bit at the first step.",
            "loop": "fit shuffles by default; a TF1 loop over slices does not.",
        },
    ),
    System(
        "mlp-deep",
        "784 → 256 → 256 → 10, ReLU, softmax, Adam; Sequential and Functional",
        Training(
            data="digits",
            prepare=prepare.scaled,
            epochs=20,
            batch_size=128,
            learning_rate=0.001,
            forms=("session", "keras", "functional"),
            **ADAM,
        ),
        notes={
            "variables": "Layers make their own variables: tf.layers under the layer's name in "
            "the graph, Keras as attributes of the layer. Here the two have the same names.",
            "loss": "Both losses take logits. A model that ends in a softmax needs the loss "
            "without from_logits, and loses digits where the softmax is nearly 0.",
            "optimizer": "epsilon is 1e-8 in TF1 and 1e-7 in Keras.",
        },
    ),
)
