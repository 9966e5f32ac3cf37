"""Chapter D. Other data."""

from __future__ import annotations

from ...parity import Tolerance
from .. import prepare
from ..programs import Training, Values
from ..system import System
from .causes import ADAM
from .other_data_exercises import EXERCISES

_DOUBLE = (
    "In float64 both sides make the same steps. A difference of a few units in the last place "
    "(ULP) can remain: TF1 updates a weight with one op, the tape with a product and a "
    "difference."
)
_ONE_OUTPUT = (
    " Keras adds the bias of a layer of one unit with Add, whose gradient sums over the batch "
    "in a different order from TF1's BiasAdd: occasionally one unit in the last place (ULP)."
)
_WIDER = {"hidden": (20, 3)}

SYSTEMS: tuple[System, ...] = (
    System(
        "cats",
        "cat or not: 64×64×3 → 8 → 8 → 1 in float64, by a tape; L2, dropout, augmentation",
        Training(
            data="cats-like",
            prepare=prepare.cat_or_not,
            epochs=500,
            brief=17,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "tape"),
            tape="Cats",
            tolerance=Tolerance(rtol=1e-12),
            why=_DOUBLE,
            cases={
                "plain": {},
                "L2": {"arguments": {**_WIDER, "l2": 0.01}},
                "dropout": {"arguments": {**_WIDER, "rate": 0.3}},
            },
        ),
        also=Values(
            data="cats-like",
            prepare=prepare.cat_or_not,
            folder=True,
            checkpoint="cats.ckpt",
            tolerance=Tolerance(rtol=1e-12),
            why="Both draw from stateless_uniform with the epoch and the number of the "
            "picture as seeds, so both mirror and shift the pictures in the same way. " + _DOUBLE,
        ),
        exercises=EXERCISES["cats"],
        notes={
            "inputs": "A TF1 pipeline is part of the graph: the program initializes it before "
            "each epoch, and it raises OutOfRangeError at the end. In TF2 it is a loop "
            "over a dataset. Both use float64: in TF1 the placeholder decides; Keras "
            "casts to its floatx.",
            "loss": "TF1 collects the penalties in the graph, Keras in model.losses. fit adds "
            "them; a custom training loop must add them itself, on both sides.",
            "optimizer": "TF1 converts a learning rate that is a Python number to float32: it is "
            "4.7e-8 too large, which shows in float64.",
            "splits": "The mean and standard deviation of the training pictures normalize all "
            "three parts. Use dev to choose a model and test for the final number.",
        },
    ),
    System(
        "autoencoder",
        (
            "rows of 28 pixels through Dense 16, 10, 5, 3 and back; encoder and decoder as "
            "separate models"
        ),
        Training(
            data="digits",
            prepare=prepare.themselves,
            epochs=20,
            brief=5,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            metric="mse",
            tolerance=Tolerance(rtol=1e-6),
            **ADAM
            | {
                "why": f"{ADAM['why']} The weights are bit-identical. For a last, smaller "
                "batch, Keras computes the mean as a quotient, which differs by one "
                "unit in the last place (ULP)."
            },
        ),
        also=Values(
            data="digits",
            prepare=prepare.themselves,
            folder=True,
            checkpoint="autoencoder.ckpt",
        ),
        exercises=EXERCISES["autoencoder"],
        notes={
            "forward": "With inputs of rank 3, both fold the rows into one matrix product, so "
            "they sum the gradients of a kernel in the same order.",
            "models": "In TF1 you run a part of the graph by feeding one tensor and fetching "
            "another. In Keras a part is a model that shares its layers with the whole "
            "model.",
        },
    ),
    System(
        "fare",
        "taxi fares with a Sequential network, 32 → 8 → 1; RMSE by hand, virtual epochs",
        Training(
            data="fares-like",
            prepare=prepare.fares,
            epochs=10,
            brief=5,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            metric="rmse",
            tolerance=Tolerance(rtol=1e-6),
            **ADAM | {"why": ADAM["why"] + _ONE_OUTPUT},
        ),
        also=Values(
            data="fares-like",
            prepare=prepare.fares,
            folder=True,
            checkpoint="fare.ckpt",
            tolerance=Tolerance(rtol=1e-6),
            why="Keras averages a metric that is a plain function over the batches, so its "
            "RMSE differs. A virtual epoch has examples // (batch · evaluations) steps "
            "and continues in the data where the last one stopped. Some values differ "
            "by one unit in the last place (ULP): batches are summed in a different "
            "order, and the powers of Adam's betas differ.",
        ),
        exercises=EXERCISES["fare"],
        notes={
            "variables": "On raw degrees the network learns the mean fare and little else. "
            "wide-deep does better, because its inputs are places instead of numbers.",
            "loss": "TF1's RMSE covers the examples that are fed. A Keras metric accumulates "
            "its sums batch by batch and divides at the end.",
            "loop": "repeat() makes the data endless; steps_per_epoch sets when to evaluate.",
        },
    ),
    System(
        "wide-deep",
        (
            "taxi fares from crossed buckets of places: one-hot in the wide part, an embedding "
            "in the deep part"
        ),
        Training(
            data="fares-like",
            prepare=prepare.fares,
            epochs=10,
            brief=5,
            batch_size=32,
            learning_rate=0.001,
            forms=("session", "keras"),
            metric="rmse",
            targets={
                "deep/input_layer/dropofflat_bucketized_X_dropofflon_bucketized_X_"
                "pickuplat_bucketized_X_pickuplon_bucketized_embedding/embedding_weights": (
                    "embedding/embeddings"
                ),
                **{
                    f"{layer}/{variable}": f"{layer}/{variable}"
                    for layer in ("hidden1", "hidden2", "hidden3", "output")
                    for variable in ("kernel", "bias")
                },
            },
            tolerance=Tolerance(rtol=1e-6),
            kernel=ADAM["kernel"],
            why="If a batch contains a row of the embedding twice, Keras's Adam squares "
            "each gradient, TF1 squares their sum: without a change, the losses differ "
            "by 0.7 % within 100 steps. The twin sums first. " + ADAM["why"] + _ONE_OUTPUT,
        ),
        also=Values(
            data="fares-like",
            prepare=prepare.fares,
            tolerances={"step of a row seen twice": Tolerance(rtol=1e-6)},
            alone={
                "pair, hashed twice": "not what TF1 does",
                "pair, hashed twice: share in the same bucket": "of the TF2 pair's",
                "step of a row seen twice, Keras": "not what TF1 does",
            },
            why="The hash is the same in TF1 and TF2. TF1 splits a cross of crosses into "
            "its four columns and hashes them once; a HashedCrossing of two "
            "HashedCrossings hashes hashes, and hardly any trip stays in its bucket. "
            "Keras's own Adam moves a row that occurs twice √2 times as far.",
        ),
        exercises=EXERCISES["wide-deep"],
        notes={
            "columns": "input_layer sorts columns by name, which sets the order of the rows of "
            "the next kernel. In Keras the order is that of the code.",
            "optimizer": (
                "epsilon is 1e-8 in TF1 and 1e-7 in Keras. The gradient of an embedding is a "
                "list of rows, and Keras does not sum duplicate rows before it squares them."
            ),
            "hashing": "Both use the same hash and the same numbers of buckets.",
            "save": "A TF1 checkpoint saves only weights: buckets and hashing are in the "
            "program. A Keras model contains its preprocessing.",
        },
    ),
)
