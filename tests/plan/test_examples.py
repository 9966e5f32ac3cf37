"""The number of examples that a network is run on, by the size of its activations."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.plan import Call, Input, Network, Output, Value
from tfmigrate.plan.examples import fitting, random_inputs


def network(*shape: int | None) -> Network:
    """Two values of that shape: an input and its relu."""
    given, made = Value(shape, "float32"), Value(shape, "float32")
    made_by = [Call("keras.ops.relu", (given,), {}, (made,))]
    ends = [Input("x:0", "x", given)], [Output("y:0", made)]
    return Network("net", "a test", *ends, made_by)


@pytest.mark.parametrize(
    ("shape", "examples"),
    [
        ((None, 10), 64),
        ((None, 512, 512, 3), 32 // 6),  # 3 MiB each
        ((None, 1024, 1024, 16), 4),  # 64 MiB each: 2 would do, but a proof takes 4
        ((None, None, None, 1024), 4),  # of 64 by 64
    ],
)
def test_as_many_as_fit(shape: tuple[int | None, ...], examples: int) -> None:
    assert fitting(network(*shape)) == examples
    assert fitting(network(*shape), 16) == min(16, examples)
    assert fitting(network(*shape), 2) == 2


def test_class_numbers_take_all_examples() -> None:
    plan = network(None, 512, 512, 3)
    plan.outputs[0].value.dtype = "int64"
    assert fitting(plan) == 64


def test_the_inputs_have_that_many() -> None:
    plan = network(None, 512, 512, 3)
    assert len(random_inputs(plan, fitting(plan))["x:0"]) == 5


@pytest.mark.parametrize(
    ("dtype", "factor", "complement"),
    [("int32", 1.0, True), ("float32", -10000.0, True), ("float32", 1e30, False)],
)
def test_a_mask_is_ones_and_zeros(dtype: str, factor: float, complement: bool) -> None:
    given, cast, rest, bias = (Value((None, None), d) for d in (dtype, *["float32"] * 3))
    calls = [
        Call("keras.ops.cast", (given, "float32"), {}, (cast,)),
        Call("-", (1.0, cast) if complement else (cast, 0.0), {}, (rest,)),
        Call("*", (rest, factor), {}, (bias,)),
    ]
    plan = Network("net", "a test", [Input("x:0", "x", given)], [Output("y:0", bias)], calls)
    mask = random_inputs(plan, 20)["x:0"]
    assert mask.dtype == dtype
    assert set(np.unique(mask)) == {0, 1}
    assert (np.diff(mask) <= 0).all()  # ones first
    assert mask[:, 0].all()
    assert not mask[:, -1].any()


@pytest.mark.parametrize("factor", [255.0, 10000.0])
def test_a_feature_that_is_scaled_is_no_mask(factor: float) -> None:
    given, scaled = Value((None, 5), "float32"), Value((None, 5), "float32")
    calls = [Call("*", (given, factor), {}, (scaled,))]
    plan = Network("net", "a test", [Input("x:0", "x", given)], [Output("y:0", scaled)], calls)
    assert len(np.unique(random_inputs(plan, 20)["x:0"])) == 100
