"""Chapter E. The life of a model."""

from __future__ import annotations

import numpy as np

from ...parity import Tolerance
from .. import prepare
from ..programs import Values
from ..system import System


def _points(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"points": random.normal(size=(8, 2)).astype(np.float32)}


SYSTEMS: tuple[System, ...] = (
    System(
        "save-restore",
        "a weight and a bias saved, the graph reset, both restored; what is in each file",
        Values(inputs=_points, folder=True, checkpoint="model.ckpt"),
        notes={
            "variables": "A TF1 checkpoint knows variables by name, a Keras file by their place in "
            "the model.",
            "save": "Four files against one. The graph of a TF1 program is in .meta, that of Keras "
            "in config.json; the code of neither is saved.",
            "restore": "A Saver fills the variables of the graph that is there; without "
            "reset_default_graph that graph has those of the first build too.",
        },
    ),
    System(
        "export",
        "a timestamped SavedModel, and predictions from a JSON file of instances",
        Values(data="fares-like", prepare=prepare.fares, folder=True, checkpoint="model.ckpt"),
        notes={
            "inputs": "An input a column: the names are those that a client writes into its JSON.",
            "save": "simple_save writes the signature serving_default; so does model.export.",
            "serve": "A signature says which tensors have these names; a TF1 client feeds them, "
            "in TF2 it is a function with keyword arguments.",
        },
    ),
    System(
        "tensorboard",
        "scalars and the graph of both sides in one log folder",
        Values(
            data="digits",
            prepare=prepare.scaled,
            folder=True,
            checkpoint="initial.ckpt",
            tolerance=Tolerance(rtol=1e-6),
            why="Each side takes the mean of an epoch's losses in its own way. To look at both: "
            "--logdir FOLDER here, then tensorboard --logdir FOLDER.",
        ),
        notes={
            "forward": "Name scopes group the operations of a TF1 graph; layers do it in Keras.",
            "summaries": "In TF1 a summary is an operation that has to be run and its result "
            "written; a callback does both. The charts are shared where the tags are alike.",
            "read": "What one sees in the browser is read from the files in this way.",
        },
    ),
    System(
        "devices",
        "the same training on the CPU and on each GPU, timed",
        Values(
            data="digits",
            prepare=prepare.scaled,
            tolerances={"loss, gpu:0": Tolerance(rtol=1e-5)},
        ),
        notes={
            "devices": "A session has devices of its own and takes options of its own; in TF2 "
            "they belong to the process.",
            "forward": "tf.device says where operations and variables are made, in both eras.",
            "loop": "train_on_batch gives the loss of each step; fit has less to do between two.",
        },
    ),
    System(
        "summary",
        "parameters a layer, output shapes, a picture of the layers",
        Values(
            figures={
                "mlp-deep: parameters a layer": ("200960", "65792", "2570"),
                "mlp-deep: parameters": ("269322",),
                "batch-norm: parameters": ("271346",),
                "batch-norm: trainable": ("268978",),
                "before the activation: parameters": ("270946",),
            },
        ),
        notes={
            "parameters": "TF1 knows variables only; that w and b are a layer is in their names.",
            "picture": "A Keras model knows its layers and their shapes; a TF1 graph has to be "
            "read operation by operation.",
        },
    ),
)
