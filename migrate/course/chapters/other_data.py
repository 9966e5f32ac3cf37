"""Chapter D. Other data."""

from __future__ import annotations

from ...parity import Tolerance
from .. import prepare
from ..programs import Training, Values
from ..system import System
from .causes import ADAM

_DOUBLE = (
    "In float64 both sides make the same steps. Some units of the last place may remain: TF1 "
    "updates a weight by one operation, the tape by a product and a difference."
)
_ONE_OUTPUT = (
    " Keras adds the bias of a layer of one unit by Add, whose gradient is another sum over the "
    "batch than that of TF1's BiasAdd: a unit of the last place, now and then."
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
            why="Both draw from stateless_uniform with the epoch and the number of the picture as "
            "seeds: the pictures are mirrored and shifted alike. " + _DOUBLE,
        ),
        notes={
            "inputs": "A TF1 pipeline is part of the graph: initialized before each epoch, at its "
            "end when it raises OutOfRangeError. In TF2 it is a loop over a dataset. Both are told "
            "float64: in TF1 all follows from the placeholder, Keras casts to its floatx.",
            "loss": "TF1 collects the penalties in the graph, Keras in model.losses. fit adds "
            "them; a loop of one's own has to, on both sides.",
            "optimizer": "TF1 makes a float32 of a learning rate that is a Python number: 4.7e-8 "
            "too much, which float64 shows.",
            "splits": "The mean and the deviation are those of the training pictures, on all three "
            "parts. Dev is for choosing, test for the last number.",
        },
    ),
    System(
        "autoencoder",
        "rows of 28 pixels through Dense 16, 10, 5, 3 and back; encoder and decoder apart",
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
                "why": f"{ADAM['why']} The weights are the same to the last bit; of a last, "
                "smaller batch the mean is told as a quotient by Keras, which is a unit of the "
                "last place off."
            },
        ),
        also=Values(
            data="digits",
            prepare=prepare.themselves,
            folder=True,
            checkpoint="autoencoder.ckpt",
        ),
        notes={
            "forward": "On three axes, both fold the rows into one matrix product: the gradients "
            "of a kernel are summed in the same order.",
            "models": "In TF1 a part of the graph is a tensor asked for and a tensor fed. In Keras "
            "it is a model that shares its layers with the whole.",
        },
    ),
    System(
        "fare",
        "taxi fares by a Sequential network, 32 → 8 → 1; rmse by hand, virtual epochs",
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
            why="Keras averages a metric that is a plain function over the batches, and gives "
            "another rmse. A virtual epoch is examples // (batch · evaluations) steps, and goes on "
            "in the data where the last one stopped. Some values are a unit of the last place "
            "apart: batches are added up in another order, and Adam's powers are not the same.",
        ),
        notes={
            "variables": "On degrees as they are the network learns the mean fare and little else. "
            "wide-deep does better, because it is told places instead of numbers.",
            "loss": "TF1's rmse is that of whatever is fed. A Keras metric adds up what it needs, "
            "batch by batch, and divides at the end.",
            "loop": "repeat() makes the data endless; steps_per_epoch says when to evaluate.",
        },
    ),
    System(
        "wide-deep",
        "taxi fares from crossed buckets of places, wide as one-hots, deep by an embedding",
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
            why="Keras's Adam squares the gradients of a row that a batch has twice one by one, "
            "TF1 squares their sum: left so, the losses are 0.7 % apart within 100 steps. The twin "
            "sums first. " + ADAM["why"] + _ONE_OUTPUT,
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
            why="The hash is the same in both eras. TF1 takes a cross of crosses apart and hashes "
            "the four columns once; a HashedCrossing of two HashedCrossings hashes hashes, and "
            "hardly a trip stays in its bucket. Keras's own Adam moves a row that occurs twice √2 "
            "times as far.",
        ),
        notes={
            "columns": "input_layer orders columns by their names, and with them the rows of the "
            "next kernel. In Keras the order is the one that is written.",
            "optimizer": "epsilon is 1e-8 in TF1 and 1e-7 in Keras; and an embedding's gradient is "
            "a list of rows, which Keras does not add up before it squares.",
            "hashing": "The same hash, of the same numbers of buckets.",
            "save": "TF1 saves weights: buckets and hashing are in the program. A Keras model has "
            "its preprocessing inside.",
        },
    ),
)
