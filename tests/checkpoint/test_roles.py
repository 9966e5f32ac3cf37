"""Roles guessed from names, in every spelling that has been met."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.checkpoint import Role, Variable, guess_roles, open_checkpoint


def roles(**shapes_by_dtype: dict[str, tuple[int, ...]]) -> dict[str, Role]:
    """Roles of variables given as dtype={name: shape}."""
    variables = {
        name: Variable(name, shape, dtype, 4 * int(np.prod(shape)))
        for dtype, shapes in shapes_by_dtype.items()
        for name, shape in shapes.items()
    }
    return guess_roles(dict(sorted(variables.items())))


def slot(optimizer: str, which: str | None, of: str | None, instance: int = 0) -> Role:
    return Role("slot", optimizer, which, of, instance)


def test_one_optimizer():
    w = (3, 2)
    found = roles(
        float32={"w": w, "w/Adam": w, "w/Adam_1": w, "beta1_power": (), "beta2_power": ()}
    )
    assert found == {
        "beta1_power": Role("bookkeeping", "Adam", "beta1_power"),
        "beta2_power": Role("bookkeeping", "Adam", "beta2_power"),
        "w": Role("weight"),
        "w/Adam": slot("Adam", "m", "w"),
        "w/Adam_1": slot("Adam", "v", "w"),
    }


def test_two_optimizers_on_one_variable():
    names = ["w", "w/Adam", "w/Adam_1", "w/Adam_2", "w/Adam_3", "w/Momentum", "w/Momentum_1"]
    found = roles(float32=dict.fromkeys(names, (3, 2)) | {"beta1_power_1": ()})
    assert [found[n] for n in names[1:]] == [
        slot("Adam", "m", "w"),
        slot("Adam", "v", "w"),
        slot("Adam", "m", "w", 1),
        slot("Adam", "v", "w", 1),
        slot("Momentum", "momentum", "w"),
        slot("Momentum", "momentum", "w", 1),
    ]
    assert found["beta1_power_1"] == Role("bookkeeping", "Adam", "beta1_power")


def test_slots_in_the_order_their_optimizer_makes_them():
    expected = {
        "RMSProp": ["rms", "momentum"],
        "Adadelta": ["accum", "accum_update"],
        "Ftrl": ["accum", "linear"],
        "AdagradDA": ["gradient_accumulator", "gradient_squared_accumulator"],
        "Adagrad": ["accumulator"],
        "ProximalAdagrad": ["accumulator"],
    }
    for optimizer, slots in expected.items():
        names = [f"w/{optimizer}" + (f"_{i}" if i else "") for i in range(len(slots))]
        found = roles(float32=dict.fromkeys(["w", *names], (4,)))
        assert [found[name].slot for name in names] == slots
        assert {found[name].optimizer for name in names} == {optimizer}


def test_centered_rmsprop_has_its_mean_gradient_second():
    names = ["w/RMSProp", "w/RMSProp_1", "w/RMSProp_2"]
    found = roles(float32=dict.fromkeys(["w", *names], (4,)))
    assert [found[name].slot for name in names] == ["rms", "mg", "momentum"]


@pytest.mark.parametrize(
    ("variable", "key", "optimizer", "which"),
    [
        ("w", "train/w/RMSProp", "RMSProp", "rms"),
        ("w", "optimizer/w/Adam", "Adam", "m"),
        ("QNet/w", "QNet/QNet/w/Adam_1", "Adam", "m"),
        ("dense/kernel", "Optimizer/OptimizeLoss/dense/kernel/Adagrad", "Adagrad", "accumulator"),
        ("w", "w/t_0/Adagrad", "Adagrad", "accumulator"),
        ("emb", "emb/art_0/Adam", "Adam", "m"),
        ("emb", "emb/ing/emb/part_10/Adagrad", "Adagrad", "accumulator"),
        ("net/one", "net/one//net/one/part_0/Adagrad", "Adagrad", "accumulator"),
        ("w", "training/Adam/w/m", "Adam", "m"),
        ("dense/kernel", "training/Adam_1/dense/kernel/v", "Adam", "v"),
        ("dense/kernel", "training/RMSprop/dense/kernel/rms", "RMSprop", "rms"),
        ("bert/w", "bert/w/adam_m", "AdamWeightDecay", "m"),
        ("w", "w/my_adam_optimizer", "Adam", "m"),
        (
            "net/kernel/.ATTRIBUTES/VARIABLE_VALUE",
            "net/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
            "optimizer",
            "m",
        ),
    ],
)
def test_spellings(variable, key, optimizer, which):
    found = roles(float32={variable: (3, 2), key: (3, 2)})
    assert found == {variable: Role("weight"), key: slot(optimizer, which, variable)}


def test_a_slot_has_the_shape_of_its_variable():
    found = roles(float32={"w": (3, 2), "w/Adam": (5,), "block": (4,), "block/kernel": (4,)})
    assert {name: role.kind for name, role in found.items()} == dict.fromkeys(found, "weight")


def test_a_slot_whose_variable_was_not_saved():
    assert roles(float32={"w/Adam": (3,), "w/Adam_1": (3,)})["w/Adam_1"] == slot("Adam", "v", None)


def test_moving_averages():
    found = roles(
        float32={
            "a/kernel": (6, 5),
            "a/kernel/ExponentialMovingAverage": (6, 5),
            "bn/moments/Squeeze/ExponentialMovingAverage": (5,),
            "conv1/BatchNorm/moving_mean": (8,),
            "conv1/BatchNorm/moving_variance": (8,),
            "conv1/BatchNorm/moving_mean/biased": (8,),
            "bn/pop_mean": (8,),
            "bn/running_var_1": (8,),
            "batch_normalization_1/moving_mean": (8,),
            "bn/renorm_stddev": (8,),
        }
    )
    kinds = {name: role.kind for name, role in found.items() if role.kind != "moving_average"}
    assert kinds == {"a/kernel": "weight"}
    assert found["a/kernel/ExponentialMovingAverage"].of == "a/kernel"
    assert found["conv1/BatchNorm/moving_mean/biased"].of == "conv1/BatchNorm/moving_mean"
    assert found["bn/moments/Squeeze/ExponentialMovingAverage"].of is None


def test_steps_and_bookkeeping():
    found = roles(
        int64={
            "global_step": (),
            "train/global_step_1": (),
            "training/Adam/iter": (),
            "save_counter": (),
            "bn/moving_mean/local_step": (),
            "Adam/iterations": (),
        },
        float32={
            "training/Adam/learning_rate": (),
            "Adam/beta_1": (),
            "OptimizeLoss/learning_rate": (),
            "train/beta2_power_3": (),
            "lr": (),
            "bias": (),
            "Variable": (),
            "steps": (4,),
        },
        bool={"is_training": (), "phase": (1,)},
    )
    kinds: dict[str, set[str]] = {}
    for name, role in found.items():
        kinds.setdefault(role.kind, set()).add(name)
    assert kinds == {
        "step": {"global_step", "train/global_step_1", "training/Adam/iter", "Adam/iterations"},
        "weight": {"bias", "Variable", "steps"},
        "bookkeeping": {
            "save_counter",
            "bn/moving_mean/local_step",
            "training/Adam/learning_rate",
            "Adam/beta_1",
            "OptimizeLoss/learning_rate",
            "train/beta2_power_3",
            "lr",
            "is_training",
            "phase",
        },
    }


def test_goldens(goldens):
    for case, optimizer, slots in [
        ("train_adam_unnamed", "Adam", 12),
        ("train_rmsprop", "RMSProp", 8),
        ("train_momentum", "Momentum", 4),
        ("train_adagrad", "Adagrad", 4),
    ]:
        found = guess_roles(open_checkpoint(goldens / case).variables)
        made = [role for role in found.values() if role.kind == "slot"]
        assert {role.optimizer for role in made} == {optimizer}, case
        assert len([role for role in made if role.of in found and role.slot]) == slots, case


def test_every_slot_of_the_corpus_has_its_variable(shared):
    """In a whole checkpoint nothing called after an optimizer is left as a weight."""
    seen = 0
    for index in sorted((shared / "corpus").rglob("*.index")):
        if "fragments" in index.parts:
            continue
        variables = open_checkpoint(index).variables
        for name, role in guess_roles(variables).items():
            named = any(word in name for word in ("/Adam", "/Adagrad", "OPTIMIZER_SLOT"))
            assert (role.kind == "slot") == named, name
            if named:
                seen += 1
                assert variables[role.of].shape == variables[name].shape
    assert seen > 300


def test_a_name_of_two_million_characters_is_a_name():
    long = "a/" * 1_000_000 + "Adam"
    assert roles(float32={long: (2,), "a": (2,)})[long].kind == "weight"
