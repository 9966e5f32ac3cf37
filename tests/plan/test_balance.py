"""Elements are followed through recipes, and every one of a checkpoint is accounted for."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.plan import Plan, Recipe, Weight, concatenate, constant, variable
from tfmigrate.plan.balance import Balance, balance
from tfmigrate.plan.elements import taken
from tfmigrate.plan.fates import fates
from tfmigrate.plan.training import New, Slot, TrainingPlan

TABLE = variable("table", (4, 3), "float32")


class Listed:
    """A variable of a checkpoint, as far as fates look at it."""

    def __init__(self, name: str, shape: tuple[int, ...]):
        self.name, self.shape, self.dtype = name, shape, "float32"


def balance_of(
    weights: Mapping[str, Recipe],
    variables: Mapping[str, tuple[int, ...]],
    training: TrainingPlan | None = None,
    cut: Mapping[str, str] | None = None,
) -> Balance:
    plan = Plan("model", "model.ckpt", training=training, cut=dict(cut or {}))
    plan.weights = [Weight(target, recipe) for target, recipe in weights.items()]
    listed = [Listed(name, shape) for name, shape in variables.items()]
    return balance(plan, fates(plan, listed, {}))  # type: ignore[arg-type]


def counts(recipe: Recipe) -> list[int]:
    return np.broadcast_to(taken(recipe).counts["table"], 12).tolist()


@given(st.lists(st.integers(0, 11), max_size=20))
def test_elements_are_counted_as_often_as_they_are_gathered(places: list[int]) -> None:
    recipe = TABLE.then("gather", lambda a: a.reshape(-1)[np.array(places, int)])
    assert counts(recipe) == np.bincount(np.array(places, int), minlength=12).tolist()


def test_numbers_that_a_constant_gives_are_new_even_where_they_look_like_places() -> None:
    ones = constant(np.ones((2, 3), np.float32), "ones")
    found = taken(concatenate([ones, TABLE.rows(1, 3)], 0).then("reverse", lambda a: a[::-1]))
    assert found.new == 6
    assert found.counts["table"].reshape(4, 3).sum(1).tolist() == [0, 3, 3, 0]


def test_a_step_that_changes_numbers_takes_what_it_begins_with() -> None:
    bias = TABLE.rows(0, 2).then("add 1", lambda a: a + 1, moves=False).rows(1, 2)
    assert counts(bias) == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    both = TABLE.rows(0, 2).then("add", np.add, TABLE.rows(2, 4), shape=(2, 3), moves=False)
    assert counts(both) == [1] * 12


def test_every_element_of_the_checkpoint_is_in_one_of_four_places() -> None:
    slot = Slot("dense/kernel", "momentums", TABLE, {"table": variable("m", (4, 3), "float32")})
    training = TrainingPlan(New("keras.optimizers.SGD"), slots=[slot], targets={"step": "it"})
    shapes = {"table": (4, 3), "m": (4, 3), "step": (), "other": (5,)}
    found = balance_of({"dense/kernel": TABLE.transpose()}, shapes, training)
    assert (found.model, found.training, found.skipped, found.unaccounted) == (12, 13, 5, 0)
    assert found.checkpoint == 30
    assert not found.warnings()


def test_a_part_that_is_left_out_without_a_reason_is_a_fault() -> None:
    found = balance_of({"p/value": TABLE.rows(0, 1)}, {"table": (4, 3)})
    assert (found.model, found.unaccounted, found.missing) == (3, 9, {"table": 9})
    reason = {"table": "the outputs use no more of it"}
    found = balance_of({"p/value": TABLE.rows(0, 1)}, {"table": (4, 3)}, cut=reason)
    assert (found.model, found.skipped, found.unaccounted) == (3, 9, 0)
    assert found.cut == {"table": {"elements": 9, "reason": reason["table"]}}


def test_elements_from_nowhere_and_copies_are_listed() -> None:
    zeros = constant(np.zeros(3, np.float32), "zeros")
    weights = {"a/kernel": TABLE, "b/kernel": TABLE.transpose(), "b/bias": zeros}
    found = balance_of(weights, {"table": (4, 3)})
    assert found.new == [{"target": "b/bias", "elements": 3, "from": "zeros"}]
    assert found.copied == {"table": ["a/kernel", "b/kernel"]}
    assert found.model == 12


@pytest.mark.parametrize("debug", [False, True])
def test_a_person_is_warned_of_a_fault_and_a_developer_stopped(
    debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # of what all tests check
    found = balance_of({"p/value": TABLE.rows(0, 1)}, {"table": (4, 3)})
    if debug:
        monkeypatch.setenv("TFMIGRATE_DEBUG", "1")
        with pytest.raises(AssertionError):
            found.warnings()
    else:
        monkeypatch.delenv("TFMIGRATE_DEBUG", raising=False)
        assert len(found.warnings()) == 1
