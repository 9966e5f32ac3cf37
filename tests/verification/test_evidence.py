"""Outputs that agree are a proof where they are finite, vary, and weights make them."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.plan import Call, Input, Layer, Network, Output, Value, Weight, constant
from tfmigrate.verification import no_evidence, without_weights

RANDOM = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ({"y:0": RANDOM}, None),
        ({"y:0": np.where(RANDOM > -1, RANDOM, -np.inf)}, None),  # masked logits
        ({"y:0": RANDOM, "label:0": np.zeros(8, "int64")}, None),
        ({"y:0": np.full((8, 3), np.nan)}, "y:0 contains NaN"),
        ({"y:0": np.where(RANDOM > -1, RANDOM, np.nan)}, "y:0 contains NaN"),
        ({"y:0": np.where(RANDOM > 1, RANDOM, np.inf)}, "y:0 is infinite"),
        ({"y:0": np.zeros((8, 3))}, "y:0 has the same value everywhere"),
        ({"y:0": np.tile(RANDOM[:1], (8, 1))}, "y:0 is the same for every example"),
        ({"label:0": np.zeros(8, "int64")}, "label:0 is the same for every example"),
        ({"label:0": np.arange(8)}, None),
    ],
)
def test_outputs_are_evidence_where_they_vary(
    outputs: dict[str, np.ndarray], reason: str | None
) -> None:
    assert no_evidence(outputs) == reason


def test_an_output_without_weights_is_found() -> None:
    x, h, y = (Value((None, 3), "float32") for _ in range(3))
    dense = Layer("dense", "Dense", {"units": 3})
    network = Network(
        "",
        "",
        inputs=[Input("x:0", "x", x)],
        outputs=[Output("h:0", h), Output("y:0", y)],
        calls=[Call("keras.ops.exp", (x,), {}, (h,)), Call(dense, (x,), {}, (y,))],
        weights=[Weight("dense/kernel", constant(np.ones((3, 3), "float32")))],
    )
    assert without_weights(network) == ["h:0"]
