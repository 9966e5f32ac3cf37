"""Chapter F. Pitfalls."""

from __future__ import annotations

from ...parity import Tolerance
from .. import prepare
from ..programs import Pitfall
from ..system import System
from .pitfalls_exercises import EXERCISES

SYSTEMS: tuple[System, ...] = (
    System(
        "stale-graph",
        "accuracy is built on one network, training updates another",
        Pitfall(
            data="digits",
            happens="The loss falls, but accuracy stays at chance level and never changes.",
            because="Building the network a second time creates new variables: the loss "
            "depends on w, the accuracy on w_1, which nothing trains.",
            remedy="Build loss and accuracy from the same tensor, in a new graph. In Keras "
            "call fit and evaluate on the same model object.",
            effect={"accuracy": 0.3},
            falls=("loss",),
        ),
        exercises=EXERCISES["stale-graph"],
        notes={
            "forward": (
                "Each call of network() creates new variables; a Keras layer creates them once."
            ),
        },
    ),
    System(
        "unnamed-variables",
        "weights restored into variables that were created in a different order",
        Pitfall(
            folder=True,
            happens="Restoring fails with an error about shapes. If the shapes agree, it "
            "succeeds, but encoder and decoder have each other's weights.",
            because="A TF1 variable without a name is called Variable, Variable_1 … in the "
            "order of creation, and the Saver matches by name. Keras's load_weights "
            "matches by the position of a layer in the model, whatever its name.",
            remedy=(
                "In TF1 give each variable a name. In Keras use load_model and get layers by name."
            ),
            effect={"encoder": 1.0, "decoder": 1.0},
            says={"head created first": "Assign requires shapes of both tensors to match"},
            trapped=True,
        ),
        exercises=EXERCISES["unnamed-variables"],
        notes={
            "variables": (
                "Names of TF1 variables and Keras layers are optional; both libraries "
                "generate missing names."
            ),
            "restore": "Keras loads weights by name only from a saved model.",
        },
    ),
    System(
        "keep-prob",
        "keep_prob read as rate after an upgrade",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="The loss falls more slowly. A TF1 program feeds 1 at inference, which now "
            "drops everything: its accuracy is that of guessing. Keras turns dropout off at "
            "inference by itself, so the accuracy hardly shows the mistake there.",
            because="The second argument of tf.nn.dropout is the share to keep in TF1 and the "
            "share to drop in TF2. In TF2, 0.8 drops 80 % in training, and 1, which "
            "turned dropout off in TF1, drops everything.",
            remedy="Write rate = 1 - keep_prob wherever the value is passed, fed or a default.",
            effect={"share dropped": 0.5, "loss": 0.3, "accuracy": 0.5},
            trapped=True,
            alone={
                "accuracy": "TF1 feeds 1 where dropout is to be off",
                "accuracy, dropout off": "Keras turns the layer off by itself",
            },
            tolerances={"loss": Tolerance(rtol=1e-5)},
            why="tf.nn.dropout divides by the share kept if rate is a tensor (the "
            "placeholder), and multiplies by the inverse if it is a number: one unit "
            "in the last place (ULP) per step.",
        ),
        exercises=EXERCISES["keep-prob"],
        notes={
            "forward": "A TF1 program feeds keep_prob at each run; a Keras layer has a fixed rate "
            "and receives the argument training.",
            "trap": "Keras rejects a rate above 1, but accepts 0.8 and drops 80 %.",
        },
    ),
    System(
        "update-ops",
        "moving statistics are never updated: UPDATE_OPS never runs",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="The loss falls as it should, but the accuracy at inference stays far "
            "behind. With the statistics of the batch, the same network is accurate.",
            because="tf.layers.batch_normalization adds the updates of its moving mean and "
            "variance to a collection, and minimize does not run that collection. The "
            "moving mean stays at 0 and the variance at 1.",
            remedy="In TF1 put "
            "tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) "
            "around minimize. In Keras fit updates them; in a custom training loop "
            "pass training=True.",
            effect={"accuracy": 0.15, "moving mean": 0.1},
            tolerance=Tolerance(rtol=1e-4, atol=1e-6),
            why="Keras 3 updates a moving average as m·old + (1 - m)·new, TF1 as old - (1 "
            "- m)·(old - new): the same up to rounding.",
        ),
        exercises=EXERCISES["update-ops"],
        notes={
            "forward": "training is a placeholder in TF1 and an argument of the call in Keras.",
            "cure": "The training step must depend on the updates; nothing else runs them.",
        },
    ),
    System(
        "unscaled-input",
        "weights with sigma 1 on pixels from 0 to 255",
        Pitfall(
            data="digits",
            happens="The loss starts in the tens of thousands, where random guessing gives "
            "2.3, and is in the hundreds after training. Accuracy jumps, and can look "
            "acceptable.",
            because="A unit of the first layer sums hundreds of pixels times weights around 1, "
            "which gives thousands. The softmax of such logits is 1 for one class and "
            "0 for the others: the network is certain from the start, right or wrong.",
            remedy="Scale pixels to 0 to 1, use weights with sigma sqrt(2/n), and adapt the "
            "learning rate: with the old rate, scaled pixels learn even less, because "
            "their gradient is 255 times smaller.",
            effect={"loss": 100, "certain before training": 0.9, "accuracy": 0.1},
            trapped=True,
            tolerance=Tolerance(rtol=1e-5),
            why="TF1 divides pixels by 255, keras.layers.Rescaling multiplies by 1 / 255: "
            "the results differ by one unit in the last place (ULP).",
        ),
        exercises=EXERCISES["unscaled-input"],
        notes={
            "forward": "In Keras the scaling can be a layer: it is saved with the model, so users "
            "of the model cannot forget it.",
        },
    ),
    System(
        "momentum-schedule",
        "momentum in TF1 and Keras differs after the learning rate changes",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="A ported program learns exactly as before until the learning rate drops; "
            "then its steps stay as large as before for as long as the momentum lasts.",
            because="TF1 sums gradients and multiplies the sum by the current learning rate. "
            "Keras sums steps, and each step contains the learning rate of its own "
            "time.",
            remedy=(
                "Apply the learning rate outside the sum: use an SGD whose update_step "
                "sums gradients."
            ),
            effect={"weights": 0.01, "loss, thereafter": 0.1},
            trapped=True,
        ),
        exercises=EXERCISES["momentum-schedule"],
        notes={
            "trap": "With a constant learning rate the two rules are the same: v = -rate·a.",
            "cure": "The same is true with nesterov=True, and when you convert in the middle "
            "of training: v = -rate·a with the learning rate of the last step.",
        },
    ),
)
