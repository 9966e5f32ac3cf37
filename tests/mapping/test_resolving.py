"""Every model variable once, every checkpoint variable used or skipped, or one error for all."""

from __future__ import annotations

import numpy as np
import pytest
from tensor_sources import source
from tfmigrate.mapping import Map, MappingError, ModelVariable, Rule, read_map, resolve
from tfmigrate.mapping.operations import Transpose

ARRAYS = {
    "fc/w": np.arange(6, dtype="f4").reshape(2, 3),
    "fc/b": np.arange(3, dtype="f4"),
    "fc/w/Adam": np.ones((2, 3), "f4"),
    "global_step": np.array(7),
}
ROLES = {"fc/w": "weight", "fc/b": "weight", "fc/w/Adam": "slot", "global_step": "step"}
MODEL = [
    ModelVariable("dense/kernel", (2, 3), "float32"),
    ModelVariable("dense/bias", (3,), "float32"),
]
GOOD = Map((Rule(("fc/w",), ("dense/kernel",)), Rule(("fc/b",), ("dense/bias",))))


def plan(mapping, model=MODEL, arrays=ARRAYS, roles=ROLES):
    return resolve(mapping, source(arrays).variables, model, roles=roles)


def mismatches(*arguments, **keywords):
    with pytest.raises(MappingError) as caught:
        plan(*arguments, **keywords)
    for mismatch in caught.value.mismatches:
        assert str(mismatch) in str(caught.value), "the one message lists them all"
    return {(m.kind, m.name): m for m in caught.value.mismatches}


def test_what_fits_is_a_plan_that_accounts_for_everything():
    found = plan(GOOD)
    assert [(f.name, f.fate, f.target) for f in found.fates()] == [
        ("fc/w", "converted", "dense/kernel"),
        ("fc/b", "converted", "dense/bias"),
        ("fc/w/Adam", "skipped", None),
        ("global_step", "skipped", None),
    ]
    assert "optimizer" in found.skipped["fc/w/Adam"]
    assert [row["to"] for row in found.rows()] == [["dense/kernel"], ["dense/bias"], [], []]


def test_the_tensors_of_a_plan_are_the_model_s():
    made = plan(GOOD).tensors(source(ARRAYS))
    assert list(made.variables) == ["dense/kernel", "dense/bias"]
    assert np.array_equal(made.read("dense/kernel"), ARRAYS["fc/w"])


def test_without_a_map_equal_names_are_pairs():
    model = [ModelVariable("fc/w", (2, 3), "float32"), ModelVariable("fc/b", (3,), "float32")]
    assert [a.targets for a in plan(None, model).assignments] == [("fc/w",), ("fc/b",)]


def test_all_mismatches_come_in_one_error_with_cause_and_candidates():
    mapping = Map((Rule(("fc/w",), ("dense/kernal",)), Rule(("fc/bias",), ("dense/bias",))))
    found = mismatches(mapping)
    assert found["missing", "dense/kernal"].candidates[0] == "dense/kernel"
    assert found["map", "fc/bias"].candidates[0] == "fc/b"
    assert ("unset", "dense/kernel") in found
    assert found["unused", "fc/b"].candidates == ("dense/bias",)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((3, 2), "transposed: steps = [{ transpose = [1, 0] }]"),
        ((6,), "another shape: steps = [{ reshape = [6] }]"),
        ((2, 10), "number of classes or units: 3 in the checkpoint, 10 in the model"),
        ((5, 3), "number of input features: 2 in the checkpoint, 5 in the model"),
    ],
)
def test_a_shape_that_differs_comes_with_its_likely_cause(shape, words):
    model = [ModelVariable("dense/kernel", shape, "float32"), MODEL[1]]
    assert words in mismatches(GOOD, model)["shape", "dense/kernel"].problem


def test_many_equal_axes_are_no_puzzle():
    arrays = {"w": np.zeros([1] * 20 + [2])}
    model = [ModelVariable("k", (2, *[1] * 20), "float64")]
    found = mismatches(Map((Rule(("w",), ("k",)),)), model, arrays, {})
    assert "transpose = [20, 0, 1," in found["shape", "k"].problem


def test_a_bias_the_checkpoint_lacks_is_named():
    arrays = {"fc/w": ARRAYS["fc/w"]}
    found = mismatches(Map(GOOD.rules[:1]), arrays=arrays, roles={})
    assert "use_bias=False" in found["unset", "dense/bias"].problem


def test_an_lstm_kernel_is_recognized():
    model = [
        ModelVariable("lstm/kernel", (2, 16), "float32"),
        ModelVariable("lstm/recurrent_kernel", (4, 16), "float32"),
    ]
    found = mismatches(None, model, {"cell/kernel": np.zeros((6, 16), "f4")}, {})
    assert 'gates = "lstm"' in found["unset", "lstm/kernel"].problem


def test_a_variable_set_twice_is_an_error():
    mapping = Map((*GOOD.rules, Rule(("fc/w/Adam",), ("dense/kernel",))))
    assert "twice" in mismatches(mapping)["twice", "dense/kernel"].problem


def test_rounding_has_to_be_asked_for(tmp_path):
    arrays = {**ARRAYS, "fc/w": ARRAYS["fc/w"].astype("f8")}
    assert 'cast = "float32"' in mismatches(GOOD, arrays=arrays)["dtype", "dense/kernel"].problem
    (tmp_path / "m").write_text(
        '[rename]\n"fc/b" = "dense/bias"\n[[change]]\nfrom = "fc/w"\nto = "dense/kernel"\n'
        'steps = [{ cast = "float32" }]'
    )
    made = plan(read_map(tmp_path / "m"), arrays=arrays).tensors(source(arrays))
    assert made.read("dense/kernel").dtype == np.float32


def test_a_name_goes_before_a_pattern_and_slots_are_matched_by_name_only():
    arrays = {"a/w": np.ones(1), "b/w": np.ones(2), "b/w/Adam": np.ones(2)}
    model = [ModelVariable("special", (1,), "float64"), ModelVariable("b", (2,), "float64")]
    rules = (Rule(("**",), ("{1}",)), Rule(("b/w",), ("b",)), Rule(("a/w",), ("special",)))
    with pytest.raises(MappingError, match=r"\*\* matches no remaining variable"):
        plan(Map(rules), model, arrays, {"b/w/Adam": "slot"})
    assert len(plan(Map(rules[1:]), model, arrays, {"b/w/Adam": "slot"}).assignments) == 2


def test_a_name_with_stars_in_it_means_itself():
    arrays = {"w*": np.ones(1), "w2": np.ones(2)}
    model = [ModelVariable("a", (1,), "float64"), ModelVariable("b", (2,), "float64")]
    found = plan(Map((Rule(("w*",), ("a",)), Rule(("w2",), ("b",)))), model, arrays, {})
    assert [a.sources for a in found.assignments] == [("w*",), ("w2",)]


def test_skips_by_pattern_carry_their_reason():
    arrays = {**ARRAYS, "old/x": np.ones(4), "old/y": np.ones(4)}
    found = plan(Map(GOOD.rules, {"old/*": "a head we no longer have"}), arrays=arrays)
    assert found.skipped["old/x"] == found.skipped["old/y"] == "a head we no longer have"


def test_a_map_and_its_inverse_bring_every_bit_back():
    mapping = Map((Rule(("fc/w",), ("dense/kernel",), (Transpose(),)), GOOD.rules[1]))
    model = [ModelVariable("dense/kernel", (3, 2), "float32"), MODEL[1]]
    there = plan(mapping, model).tensors(source(ARRAYS))
    names = [ModelVariable(n, ARRAYS[n].shape, "float32") for n in ("fc/w", "fc/b")]
    back = resolve(mapping.inverse(), there.variables, names).tensors(there)
    assert all(np.array_equal(back.read(n), ARRAYS[n]) for n in ("fc/w", "fc/b"))


def test_hostile_names_are_shown_escaped():
    arrays = {"w\n\x1b[31m": np.ones(1)}
    with pytest.raises(MappingError) as caught:
        plan(None, [], arrays, {})
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
