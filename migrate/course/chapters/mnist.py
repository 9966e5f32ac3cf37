"""Chapter B. MNIST."""

from __future__ import annotations

from ..programs import Training
from ..system import System

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
)
