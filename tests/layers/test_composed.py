"""Activations that programs write out, held against what TensorFlow 1.15 computed.

The cases in ``data/composed.tar.xz`` were written by ``tests/tf115`` (family ``composed``). Each
has an output for every spelling, of a dense layer of its own.
"""

from pathlib import Path

import pytest
from tfmigrate.plan import Code, Layer, Plan
from tfmigrate.worker import Worker

from .networks import Case, assert_computes

ARCHIVE = "composed"

_APPROXIMATE = ["Dense", "keras.activations.gelu"]
BECOMES = {
    "composed_gelu_erf": ["gelu"] * 3,
    "composed_gelu_tanh": _APPROXIMATE * 4,
    "composed_hard_sigmoid": [
        *["hard_sigmoid"] * 2, *["Dense", "hard_sigmoid of Keras 2"] * 3,
    ],
    "composed_leaky_relu": [
        part for slope in (0.1, 0.2, 0.3, 0.2, 0.05) for part in ("Dense", f"LeakyReLU {slope}")
    ],
    "composed_not_gelu": [
        "Dense", "*", "keras.ops.power", "*", "Add", "*", "tanh", "+", "*",
        "Dense", "/", "keras.ops.erf", "+", "*", "Dense", "*", "/", "keras.ops.erf", "+", "*",
    ],
    "composed_softmax": [
        "Dense", "softmax", "keras.ops.softmax", *["keras.ops.logsumexp"] * 3,
    ],
    "composed_swish": [*["silu"] * 3, *["hard_silu"] * 4],
}  # fmt: skip
"""What is called, in order: a layer by its activation, where it has one."""


def called(plan: Plan) -> list[str]:
    found = []
    for call in plan.calls:
        layer = call.function
        if not isinstance(layer, Layer):
            found.append(layer)
            continue
        activation = layer.arguments.get("activation", layer.kind)
        slope = layer.arguments.get("negative_slope")
        if isinstance(activation, Code):
            activation = f"{activation.text} of Keras 2"
        found.append(activation if slope is None else f"{activation} {slope}")
    return found


@pytest.mark.parametrize("name", BECOMES)
def test_what_is_written_out_becomes_what_keras_has_and_computes_the_same(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()
    assert called(plan) == BECOMES[name]
    assert_computes(case, plan, keras_worker, tmp_path)


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert sorted(each.name for each in folder.iterdir()) == sorted(BECOMES)
