"""Recipes: numbers are moved bit for bit, read lazily, and slots go the same way."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.plan import concatenate, constant, variable

ARRAYS = {
    "w": np.arange(12, dtype=np.float32).reshape(3, 4),
    "b": np.linspace(0, 1, 4, dtype=np.float32),
}


def test_nothing_is_read_before_the_array_is_made() -> None:
    asked: list[str] = []

    def read(name: str) -> np.ndarray:
        asked.append(name)
        return ARRAYS[name]

    recipe = variable("w", (3, 4), "float32").transpose().reshape(2, 6)
    assert recipe.shape == (2, 6)
    assert asked == []
    assert recipe.make(read).tolist() == ARRAYS["w"].T.reshape(2, 6).tolist()
    assert asked == ["w"]


@given(st.permutations([0, 1, 2]), st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_a_transposed_recipe_is_numpys_transpose(order: list[int], shape: list[int]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    recipe = variable("v", shape, "int64").transpose(*order)
    made = recipe.make(lambda name: array)
    assert made.shape == recipe.shape
    assert np.array_equal(made, np.transpose(array, order))


def test_slots_skip_the_steps_that_change_values() -> None:
    bias = variable("b", (4,), "float32")
    recipe = bias.then("reverse", lambda a: a[::-1]).then(
        "add the forget bias", lambda a: a + 1, moves=False
    )
    assert recipe.make(ARRAYS.__getitem__).tolist() == (ARRAYS["b"][::-1] + 1).tolist()
    assert recipe.make(ARRAYS.__getitem__, slots=True).tolist() == ARRAYS["b"][::-1].tolist()
    assert not recipe.only_moves
    assert bias.only_moves


def test_sources_are_variables_each_once_and_never_constants() -> None:
    w = variable("w", (3, 4), "float32")
    joined = concatenate([w, constant(np.ones((1, 4), np.float32)), w.rows(1, 2)], 0)
    assert joined.sources == ("w",)
    assert joined.shape == (5, 4)
    expected = np.concatenate([ARRAYS["w"], np.ones((1, 4)), ARRAYS["w"][1:2]])
    assert np.array_equal(joined.make(ARRAYS.__getitem__), expected)


def test_equal_recipes_have_equal_keys_and_others_do_not() -> None:
    w = variable("w", (3, 4), "float32")
    again = variable("w", (3, 4), "float32")
    assert w.transpose().key == again.transpose().key
    assert w.key != w.transpose().key
    one, two = constant(np.ones(3)), constant(np.zeros(3))
    assert one.key != two.key


@pytest.mark.parametrize(
    ("text", "function", "keeps"),
    [
        ("a forget bias", lambda a: a + 1, True),
        ("an equalized rate", lambda a: a * np.float32(0.5), False),
        ("a rate next to 1", lambda a: a * np.float32(1.001), False),
        ("the other sign", lambda a: -a, False),
        ("a norm of one", lambda a: a / np.linalg.norm(a), False),
    ],
)
def test_a_step_of_the_variable_is_one_of_the_weight_only_under_constants_that_are_added(
    text: str, function: Callable[[np.ndarray], np.ndarray], keeps: bool
) -> None:
    weight = variable("w", (3, 4), "float32").then(text, function, shape=(3, 4), moves=False)
    assert weight.transpose().keeps_steps(ARRAYS.__getitem__) is keeps


def test_the_sum_of_two_variables_takes_twice_their_steps() -> None:
    both = variable("b", (4,), "float32").then(
        "add", np.add, variable("c", (4,), "float32"), moves=False
    )
    arrays = ARRAYS | {"c": ARRAYS["b"]}
    assert not both.keeps_steps(arrays.__getitem__)
    assert variable("b", (4,), "float32").keeps_steps(lambda name: pytest.fail("it was read"))


def test_a_row_of_zeros_beside_a_variable_is_a_constant_that_training_would_change() -> None:
    table = variable("w", (3, 4), "float32").rows(1, 3)
    assert table.keeps_steps(ARRAYS.__getitem__)
    padded = concatenate([constant(np.zeros((1, 4), np.float32)), table], axis=0)
    assert padded.only_moves
    assert not padded.keeps_steps(ARRAYS.__getitem__)
    hidden = variable("w", (3, 4), "float32").then(
        "value of concat:0", lambda a: np.concatenate([np.zeros((1, 4), a.dtype), a[1:]])
    )
    assert not hidden.keeps_steps(ARRAYS.__getitem__)
