"""Chains of dense layers, known by names and shapes alone."""

import numpy as np
import pytest
from tfmigrate.checkpoint import Variable
from tfmigrate.errors import UserError
from tfmigrate.plan import Plan
from tfmigrate.plan.mlp import forward, mlp_plan


def variables(**shapes: tuple[int, ...]) -> list[Variable]:
    return [
        Variable(name.replace("__", "/"), shape, "float32", 4 * int(np.prod(shape)))
        for name, shape in shapes.items()
    ]


def plan_of(found: list[Variable], *, asked: bool = False) -> Plan | None:
    return mlp_plan(found, "model", "model.ckpt", asked=asked)


def sources(plan: Plan | None) -> dict[str, str]:
    assert plan is not None
    return {weight.target: weight.recipe.text for weight in plan.weights}


def test_named_variables_make_a_chain_without_being_asked_for() -> None:
    plan = plan_of(variables(b0=(256,), b1=(10,), w0=(784, 256), w1=(256, 10)))
    assert sources(plan) == {
        "hidden/kernel": "w0",
        "hidden/bias": "b0",
        "logits/kernel": "w1",
        "logits/bias": "b1",
    }


def test_layers_of_one_size_are_told_apart_by_their_names() -> None:
    found = variables(
        a__bias=(8,), a__kernel=(8, 8), b__bias=(8,), b__kernel=(8, 8), c__bias=(3,),
        c__kernel=(8, 3),
    )  # fmt: skip
    plan = plan_of(found, asked=True)
    assert sources(plan)["hidden_2/bias"] == "b/bias"
    assert plan_of(found) is None, "the order of two equal layers is a guess"


def test_unnamed_variables_are_taken_only_where_the_user_says_so() -> None:
    found = variables(
        Variable=(784, 256), Variable_1=(256,), Variable_2=(256, 10), Variable_3=(10,)
    )
    assert plan_of(found) is None
    assert sources(plan_of(found, asked=True))["logits/kernel"] == "Variable_2"


def test_the_tenth_layer_comes_after_the_ninth() -> None:
    shapes = {f"w{i}": (4, 4) for i in range(11)} | {f"b{i}": (4,) for i in range(11)}
    plan = plan_of(variables(**shapes), asked=True)
    assert [w.recipe.text for w in plan.weights][-2:] == ["w10", "b10"] if plan else None


def test_all_that_does_not_fit_is_said_at_once_with_its_cause() -> None:
    found = variables(w0=(784, 256), w1=(10, 256), b0=(256,), b1=(10,), conv=(5, 5, 1, 8))
    with pytest.raises(UserError) as error:
        plan_of(found, asked=True)
    assert "'conv' (5, 5, 1, 8) does not belong to a dense layer" in str(error.value)
    assert "'w1' looks transposed" in str(error.value)
    assert plan_of(found) is None


def test_a_bias_of_other_classes_is_named() -> None:
    with pytest.raises(UserError, match=r"no bias of shape \(10,\) is left for 'w0' \(20, 10\)"):
        plan_of(variables(w0=(20, 10), b0=(7,)), asked=True)


def test_forward_is_relu_between_and_logits_at_the_end() -> None:
    plan = plan_of(variables(b0=(1,), b1=(1,), w0=(2, 1), w1=(1, 1)))
    assert plan is not None
    arrays = {
        "w0": np.array([[1.0], [-1.0]]), "b0": np.array([0.5]), "w1": np.array([[-2.0]]),
        "b1": np.array([3.0]),
    }  # fmt: skip
    made = forward(plan, arrays.__getitem__, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert made.tolist() == [[0.0], [3.0]]
