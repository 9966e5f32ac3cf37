"""Chapter F. Pitfalls."""

from __future__ import annotations

from ...parity import Tolerance
from .. import prepare
from ..programs import Pitfall
from ..system import System

SYSTEMS: tuple[System, ...] = (
    System(
        "stale-graph",
        "accuracy is built on one network, training updates another",
        Pitfall(
            data="digits",
            happens="The loss falls, and accuracy stays at chance for ever, to the last digit.",
            because="Building the network a second time makes other variables: the loss hangs on "
            "w, the accuracy on w_1, which nothing trains.",
            remedy="Build loss and accuracy from the same tensor, in a graph of their own. In "
            "Keras fit and evaluate are asked of one object.",
            effect={"accuracy": 0.3},
        ),
        notes={
            "forward": "Each call of network() makes new variables; a Keras layer makes them once.",
        },
    ),
    System(
        "unnamed-variables",
        "weights restored into variables that were made in another order",
        Pitfall(
            folder=True,
            happens="Restoring fails with a complaint about shapes; or, where shapes agree, it "
            "succeeds, and encoder and decoder have each other's weights.",
            because="A TF1 variable without a name is called Variable, Variable_1 … in the order "
            "of creation, and the Saver goes by names. Keras's load_weights goes by the place of a "
            "layer in the model, whatever its name.",
            remedy="In TF1 a name for each variable. In Keras load_model, and layers by name.",
            effect={"encoder": 1.0, "decoder": 1.0},
            says={"head made first": "Assign requires shapes of both tensors to match"},
            trapped=True,
        ),
        notes={
            "variables": "Names are optional in TF1 variables, and made up in Keras layers.",
            "restore": "Keras loads weights by name only from a whole model.",
        },
    ),
    System(
        "keep-prob",
        "keep_prob read as rate after an upgrade",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="The network learns little, and in use, with dropout turned off, nothing.",
            because="The second argument of tf.nn.dropout is the share to keep in TF1 and the "
            "share to drop in TF2. 0.8 drops 80 % in training, and 1, which turned dropout off, "
            "drops everything.",
            remedy="rate = 1 - keep_prob, wherever it is given, fed or defaulted.",
            effect={"share dropped": 0.5, "accuracy": 0.5},
            trapped=True,
            alone={
                "accuracy": "TF1 feeds 1 where dropout is to be off",
                "accuracy, dropout off": "Keras turns the layer off by itself",
            },
            tolerances={"loss": Tolerance(rtol=1e-5)},
            why="tf.nn.dropout divides by what it keeps where rate is a tensor (the placeholder), "
            "and multiplies by the inverse where it is a number: one unit of the last place a "
            "step.",
        ),
        notes={
            "forward": "A TF1 program feeds keep_prob at each run; a Keras layer has its rate and "
            "is told whether it trains.",
            "trap": "Keras refuses a rate above 1, and takes 0.8 for what it says.",
        },
    ),
    System(
        "update-ops",
        "moving statistics are never updated: UPDATE_OPS never runs",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="The loss falls as it should, and the accuracy in use stays far behind; by the "
            "statistics of the batch the same network is right.",
            because="tf.layers.batch_normalization puts the updates of its moving mean and "
            "variance into a collection, and minimize does not look there. They stay at 0 and 1.",
            remedy="In TF1 tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) "
            "around minimize. In Keras fit does it; a loop of one's own passes training=True.",
            effect={"accuracy": 0.15, "moving mean": 0.1},
            tolerance=Tolerance(rtol=1e-4, atol=1e-6),
            why="Keras 3 moves an average by m·old + (1 - m)·new, TF1 by old - (1 - m)·(old - "
            "new): the same up to rounding.",
        ),
        notes={
            "forward": "training is a placeholder in TF1 and an argument of the call in Keras.",
            "cure": "The step has to wait for the updates; nothing else would run them.",
        },
    ),
    System(
        "unscaled-input",
        "weights of sigma 1 on pixels from 0 to 255",
        Pitfall(
            data="digits",
            happens="The loss begins in the tens of thousands, where guessing would cost 2.3, and "
            "is in the hundreds after training. Accuracy moves in leaps, and may look fair.",
            because="A unit of the first layer sums up hundreds of pixels times numbers around 1: "
            "thousands. The softmax of such logits is 1 for one class and 0 for the others, "
            "certain from the start, right or wrong.",
            remedy="Pixels from 0 to 1, weights of sigma sqrt(2/n), and a learning rate that fits: "
            "with the old one scaled pixels alone learn even less, for their gradient is 255 times "
            "smaller.",
            effect={"loss": 100, "certain before training": 0.9, "accuracy": 0.1},
            trapped=True,
            tolerance=Tolerance(rtol=1e-5),
            why="Scaled pixels are one unit of the last place apart where TF1 divides by 255 and "
            "keras.layers.Rescaling multiplies by 1 / 255.",
        ),
        notes={
            "forward": "The scaling can be a layer in Keras: it is saved with the model, and "
            "whoever uses that cannot forget it.",
        },
    ),
    System(
        "momentum-schedule",
        "the momentum of TF1 and that of Keras part when the learning rate changes",
        Pitfall(
            data="digits",
            prepare=prepare.scaled,
            happens="A port learns exactly as before, until the learning rate is lowered; then it "
            "runs on at the old pace for as long as momentum remembers.",
            because="TF1 sums up gradients and multiplies the sum by the rate of now. Keras sums "
            "up steps, and each has the rate of its own time in it.",
            remedy="Keep the rate outside: an SGD whose update_step sums up gradients.",
            effect={"weights": 0.01, "loss, thereafter": 0.1},
            trapped=True,
        ),
        notes={
            "trap": "With a constant rate the two are one rule: v = -rate·a.",
            "cure": "The same holds with nesterov=True, and for weights that are moved in the "
            "middle of training: v = -rate·a at the rate of the last step.",
        },
    ),
)
