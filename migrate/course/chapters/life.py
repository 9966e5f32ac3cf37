"""Chapter E. The life of a model."""

from __future__ import annotations

import numpy as np

from ...parity import Tolerance
from .. import prepare
from ..programs import Values
from ..system import System
from .life_exercises import EXERCISES


def _points(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {"points": random.normal(size=(8, 2)).astype(np.float32)}


SYSTEMS: tuple[System, ...] = (
    System(
        "save-restore",
        "a weight and a bias saved, the graph reset, both restored; the contents of each file",
        Values(inputs=_points, folder=True, checkpoint="model.ckpt"),
        exercises=EXERCISES["save-restore"],
        notes={
            "variables": "A TF1 checkpoint identifies variables by name, a Keras file by their "
            "position in the model.",
            "save": "Four files against one. TF1 saves the graph in .meta, Keras saves the "
            "model in config.json; neither saves the code.",
            "restore": "A Saver restores the variables of the current graph; without "
            "reset_default_graph that graph still contains the variables of the first "
            "build.",
        },
    ),
    System(
        "export",
        "a timestamped SavedModel, and predictions from a JSON file of instances",
        Values(data="fares-like", prepare=prepare.fares, folder=True, checkpoint="model.ckpt"),
        exercises=EXERCISES["export"],
        notes={
            "inputs": "Each column is an input: a client writes these names into its JSON.",
            "save": "simple_save writes the signature serving_default; so does model.export.",
            "serve": "A signature maps these names to tensors. A TF1 client feeds the tensors; "
            "in TF2 the signature is a function with keyword arguments.",
        },
    ),
    System(
        "tensorboard",
        "scalars and graphs of both sides in one log folder",
        Values(
            data="digits",
            prepare=prepare.scaled,
            folder=True,
            checkpoint="initial.ckpt",
            tolerance=Tolerance(rtol=1e-6),
            why="Each side computes the mean of an epoch's losses differently. To see "
            "both: --logdir FOLDER here, then tensorboard --logdir FOLDER.",
        ),
        exercises=EXERCISES["tensorboard"],
        notes={
            "forward": "Name scopes group the ops of a TF1 graph; in Keras layers do.",
            "summaries": "In TF1 a summary is an op: the program runs it and writes its result. In "
            "Keras a callback does both. Runs with the same tags share a chart.",
            "read": "TensorBoard reads the event files in the same way.",
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
        exercises=EXERCISES["devices"],
        notes={
            "devices": "In TF1 devices and options belong to a session; in TF2 they belong to the "
            "process.",
            "forward": "tf.device sets the device of ops and variables in TF1 and in TF2.",
            "loop": (
                "train_on_batch returns the loss of each step; fit does less work between "
                "two steps."
            ),
        },
    ),
    System(
        "summary",
        "parameters per layer, output shapes, a picture of the layers",
        Values(
            figures={
                "mlp-deep: parameters per layer": ("200960", "65792", "2570"),
                "mlp-deep: parameters": ("269322",),
                "batch-norm: parameters": ("271346",),
                "batch-norm: trainable": ("268978",),
                "before the activation: parameters": ("270946",),
            },
        ),
        exercises=EXERCISES["summary"],
        notes={
            "parameters": "TF1 has only variables; only the names show that w and b form a layer.",
            "picture": "A Keras model knows its layers and their shapes; a TF1 graph must be read "
            "op by op.",
        },
    ),
)
