"""Chapter B. MNIST."""

from __future__ import annotations

from ...parity import Tolerance
from .. import prepare
from ..programs import Training, Values
from ..system import System
from .causes import ADAM
from .mnist_exercises import EXERCISES

SYSTEMS: tuple[System, ...] = (
    System(
        "softmax",
        "784 → 10, softmax regression, plain gradient descent",
        Training(
            data="digits",
            prepare=prepare.scaled,
            epochs=10,
            batch_size=100,
            learning_rate=0.5,
            forms=("session", "tape", "keras", "fused"),
            tape="Softmax",
            targets={"w": "logits/kernel", "b": "logits/bias"},
        ),
        exercises=EXERCISES["softmax"],
        notes={
            "inputs": "A placeholder becomes an argument; its shape becomes a signature.",
            "variables": "A single layer may start at zero.",
            "loss": "Both losses take logits: log(softmax(x)) by hand is infinite where a "
            "probability is 0, and the loss becomes NaN; the loss functions of the "
            "library stay finite.",
            "save": "The Saver's keys are the names w and b; TF2's are attribute paths.",
        },
    ),
    System(
        "mlp",
        "784 → 256 → 10, ReLU, softmax cross-entropy, plain gradient descent",
        Training(
            data="digits",
            epochs=20,
            batch_size=128,
            learning_rate=0.001,
            forms=("session", "tape", "keras", "fused"),
            tape="Mlp",
            targets={
                "w0": "hidden/kernel",
                "b0": "hidden/bias",
                "w1": "logits/kernel",
                "b1": "logits/bias",
            },
        ),
        exercises=EXERCISES["mlp"],
        notes={
            "variables": "tf.random_normal has sigma 1 by default. No Keras default equals it, so "
            "the initializer is set explicitly.",
            "forward": "Both add the bias with bias_add: its gradient sums the batch in the same "
            "order as Keras. With + the two differ in the last bit at the first step.",
            "loop": "fit shuffles by default; a TF1 loop over slices does not shuffle. The Keras "
            "part uses only keras, so tfmigrate compare mlp --backend all also trains it on JAX "
            "and PyTorch: see tfmigrate lesson backends.",
        },
    ),
    System(
        "fast-loop",
        "mlp trained five ways: where the time of a step goes",
        Training(
            data="fashion-like",
            prepare=prepare.scaled,
            epochs=10,
            batch_size=128,
            learning_rate=0.005,
            forms=("session", "keras", "tuned", "fused", "xla"),
            targets={
                "w0": "hidden/kernel",
                "b0": "hidden/bias",
                "w1": "logits/kernel",
                "b1": "logits/bias",
            },
            tolerance=Tolerance(rtol=2e-6),
            why="XLA compiles a step to kernels of its own, which add in another order. All other "
            "forms are bit-identical. Fit that makes many steps in a call tells only the mean of "
            "their losses: its steps are not compared one by one, but its weights and epochs are.",
        ),
        exercises=EXERCISES["fast-loop"],
        notes={
            "inputs": "A loop of TF1 cuts each batch in Python, and feed_dict copies it into the "
            "run-time. A tf.data pipeline can keep the batches. A tf.constant of all data is "
            "copied once; the program cuts its batches there.",
            "step": "A session returns to Python after each step. So does fit, with callbacks and "
            "metrics besides; steps_per_execution makes it return less often. compute_loss is "
            "the loss that fit has: that of compile(), and the regularizers.",
            "loop": "A tf.function over the whole epoch returns once an epoch: the time that is "
            "left is that of the matrix products. jit_compile=True lets XLA compile it, "
            "which takes seconds at the first call, and may pay or not: measure it.",
        },
    ),
    System(
        "mlp-deep",
        "784 → 256 → 256 → 10, ReLU, softmax, Adam; Sequential and Functional",
        Training(
            data="digits",
            prepare=prepare.scaled,
            epochs=20,
            brief=10,
            batch_size=128,
            learning_rate=0.001,
            forms=("session", "keras", "functional", "fused"),
            **ADAM,
        ),
        exercises=EXERCISES["mlp-deep"],
        notes={
            "variables": "Layers create their own variables: tf.layers under the layer's name in "
            "the graph, Keras as attributes of the layer. Here both use the same names.",
            "loss": "Both losses take logits. A model that ends with a softmax needs the loss "
            "without from_logits, and loses precision where the softmax is nearly 0.",
            "optimizer": "epsilon is 1e-8 in TF1 and 1e-7 in Keras.",
        },
    ),
    System(
        "mlp-dropout",
        "mlp-deep with dropout 0.3 after each hidden layer",
        Training(
            data="digits",
            prepare=prepare.scaled,
            epochs=30,
            brief=12,
            batch_size=128,
            learning_rate=0.001,
            forms=("session", "keras"),
            **ADAM,
        ),
        exercises=EXERCISES["mlp-dropout"],
        notes={
            "inputs": (
                "The phase is a placeholder in TF1; in Keras it is an argument that fit sets."
            ),
            "forward": "Both drop units with probability rate and scale the rest by 1 / (1 - "
            "rate). The masks are bit-identical: the same op with the same two seeds.",
            "loop": "Feed training=True to train; feed nothing to evaluate.",
        },
    ),
    System(
        "mlp-128",
        "Flatten, one to three layers of 128, ReLU, softmax, Adam, integer classes",
        Training(
            data="digits",
            prepare=prepare.scaled_images,
            epochs=5,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            cases={
                "one layer": {"arguments": {"num_layers": 1}},
                "two layers": {"arguments": {"num_layers": 2}},
                "three layers": {"arguments": {"num_layers": 3}},
            },
            **ADAM,
        ),
        exercises=EXERCISES["mlp-128"],
        notes={
            "inputs": "Integer classes use the sparse loss and need no one-hot rows in memory.",
            "forward": "Flatten has no weights; both keep the order of the pixels.",
        },
    ),
    System(
        "mlp-regularized",
        "784 → 256 → 10 with L2, with L1, with both; early termination; an ensemble of three",
        Training(
            data="digits",
            prepare=prepare.validated(prepare.scaled),
            epochs=20,
            brief=10,
            batch_size=128,
            learning_rate=0.1,
            forms=("session", "keras"),
            targets={
                "w0": "hidden/kernel",
                "b0": "hidden/bias",
                "w1": "logits/kernel",
                "b1": "logits/bias",
            },
            cases={
                # Powers of two: Keras keeps the factors as float32, in a float64 run too.
                "L2": {"arguments": {"l2": 2**-10}},
                "L1": {"arguments": {"l1": 2**-13}},
                "both": {"arguments": {"l1": 2**-13, "l2": 2**-10}},
            },
            tolerance=Tolerance(rtol=1e-6),
            why="tf.nn.l2_loss is one op, Keras sums squares; the penalties are added to "
            "the loss in a different order. The gradients and the weights are "
            "identical.",
        ),
        Values(
            data="digits",
            prepare=prepare.validated(prepare.scaled),
            arguments={"epochs": 20, "patience": 3, "gain": 0.01, "learning_rate": 0.2},
            folder=True,
            checkpoint="initial.ckpt",
            tolerances={
                "validation loss, by epoch": Tolerance(rtol=1e-6),
                # A float32 logit near 16 has steps of 1e-6; softmax makes them relative errors.
                "probabilities of the ensemble": Tolerance(atol=1e-6, rtol=1e-6),
            },
            why="Keras averages the validation loss over batches, and averages the members "
            "of the ensemble in a different order.",
        ),
        exercises=EXERCISES["mlp-regularized"],
        notes={
            "loss": "½·β·‖w‖² is β · tf.nn.l2_loss(w) and keras.regularizers.L2(β / 2).",
            "loop": "TF1 keeps the best weights in a checkpoint; in Keras the callback does, "
            "with restore_best_weights=True.",
        },
    ),
)
