"""Endings of paths: those of a group are those of its weights, and of no other weight."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.plan import Network, constant
from tfmigrate.plan.network import Weight


def network(targets: list[str]) -> Network:
    weights = [Weight(target, constant(np.zeros(1))) for target in targets]
    return Network("n", "n", weights=weights)


names = st.sampled_from(["a", "b", "block_a", "a_b"])
targets = st.lists(
    st.builds("{}/{}".format, names, st.sampled_from(["kernel", "bias", "recurrent_kernel"])),
    unique=True,
    max_size=10,
)


@given(targets, st.lists(st.integers(0, 2), min_size=10, max_size=10))
def test_endings_divide_the_weights_as_the_groups_do(all_targets: list[str], of: list[int]) -> None:
    groups = [[t for t, n in zip(all_targets, of, strict=False) if n == g] for g in (0, 1)]
    found = network(all_targets).endings(groups)
    for group, ends in zip(groups, found, strict=True):
        taken = tuple(f"/{end}" for end in ends)
        assert [t for t in all_targets if f"/model/{t}".endswith(taken)] == group


def test_the_name_of_a_variable_is_enough_where_all_that_have_it_are_of_one_group() -> None:
    layers = [f"layer_{n}/{name}" for n in range(12) for name in ("kernel", "bias", "beta")]
    groups = [[t for t in layers if t.endswith("kernel")], [t for t in layers if "b" in t]]
    assert network(layers).endings(groups) == [["kernel"], ["bias", "beta"]]
    whole = [f"layer_{n}/bias" for n in range(12)]
    (found,) = network([*layers, "frozen/bias"]).endings(groups[1:])
    assert sorted(found) == sorted([*whole, "beta"])
