"""A proposed map loads as it is where it is certain, and leaves to a person what is not."""

from __future__ import annotations

import tomllib

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from tensor_sources import names, source
from tfmigrate.mapping import MappingError, ModelVariable, propose, read_map, resolve, write_map


def proposed(tmp_path, arrays, model, **keywords):
    variables = source(arrays).variables
    text = write_map(propose(variables, model, **keywords), variables, "a.ckpt → f")
    (tmp_path / "map.toml").write_text(text, "utf-8")
    return text, variables, read_map(tmp_path / "map.toml")


def variable(path, *shape):
    return ModelVariable(path, shape, "float32")


def zeros(*shape):
    return np.zeros(shape, "f4")


def test_shapes_and_words_that_leave_no_doubt_make_a_whole_map(tmp_path):
    arrays = {
        "conv/weights": zeros(3, 3, 1, 8),
        "conv/biases": zeros(8),
        "bn/moving_mean": zeros(8),
        "bn/gamma": zeros(8),
        "fc/w": zeros(8, 4),
        "fc/w/Momentum": zeros(8, 4),
    }
    model = [
        variable("conv2d/kernel", 3, 3, 1, 8),
        variable("conv2d/bias", 8),
        variable("batch_normalization/gamma", 8),
        variable("batch_normalization/moving_mean", 8),
        variable("dense/kernel", 8, 4),
    ]
    roles = {"fc/w/Momentum": "slot"}
    _, variables, mapping = proposed(tmp_path, arrays, model, roles=roles)
    plan = resolve(mapping, variables, model, roles=roles)
    assert {a.sources[0]: a.targets[0] for a in plan.assignments} == {
        "conv/weights": "conv2d/kernel",
        "conv/biases": "conv2d/bias",
        "bn/gamma": "batch_normalization/gamma",
        "bn/moving_mean": "batch_normalization/moving_mean",
        "fc/w": "dense/kernel",
    }
    assert "optimizer" in plan.skipped["fc/w/Momentum"]


def test_a_certain_layer_carries_its_bias_along(tmp_path):
    arrays = {"a/w": zeros(2, 4), "a/b": zeros(4), "c/w": zeros(3, 4), "c/b": zeros(4)}
    model = [variable("x/kernel", 3, 4), variable("x/bias", 4)]
    model += [variable("y/kernel", 2, 4), variable("y/bias", 4)]
    _, variables, mapping = proposed(tmp_path, arrays, model)
    plan = resolve(mapping, variables, model)
    assert {a.sources[0]: a.targets[0] for a in plan.assignments} == {
        "a/w": "y/kernel", "a/b": "y/bias", "c/w": "x/kernel", "c/b": "x/bias"
    }  # fmt: skip


def test_what_only_order_suggests_is_a_comment_until_someone_decides(tmp_path):
    arrays = {"l_10/w": zeros(4, 4), "l_9/w": zeros(4, 4)}
    model = [variable("one/kernel", 4, 4), variable("two/kernel", 4, 4)]
    text, variables, mapping = proposed(tmp_path, arrays, model)
    assert mapping.rules == ()
    assert "AMBIGUOUS" in text
    with pytest.raises(MappingError):
        resolve(mapping, variables, model)
    (tmp_path / "map.toml").write_text(text.replace('# "l_', '"l_'), "utf-8")
    plan = resolve(read_map(tmp_path / "map.toml"), variables, model)
    pairs = {a.sources[0]: a.targets[0] for a in plan.assignments}
    assert pairs == {"l_9/w": "one/kernel", "l_10/w": "two/kernel"}, "natural order"


def test_with_a_graph_its_order_is_suggested(tmp_path):
    arrays = {"a/w": zeros(4, 4), "b/w": zeros(4, 4)}
    model = [variable("one/kernel", 4, 4), variable("two/kernel", 4, 4)]
    text, *_ = proposed(tmp_path, arrays, model, order=["b/w", "a/w"])
    assert '# "b/w" = "one/kernel"' in text


def test_layers_that_count_from_elsewhere_are_not_taken_for_each_other(tmp_path):
    arrays = {f"dense{n}/kernel": zeros(4, 4) for n in ("", "_1", "_2")}
    model = [variable(f"dense_{n}/kernel", 4, 4) for n in (1, 2, 3)]
    _, _, mapping = proposed(tmp_path, arrays, model)
    assert mapping.rules == ()


def test_layers_of_one_name_are_pairs_when_all_are(tmp_path):
    arrays = {f"net/dense{n}/kernel": zeros(4, 4) for n in ("", "_1", "_2")}
    model = [variable(f"dense{n}/kernel", 4, 4) for n in ("", "_1", "_2")]
    _, variables, mapping = proposed(tmp_path, arrays, model)
    plan = resolve(mapping, variables, model)
    assert all(a.sources[0] == f"net/{a.targets[0]}" for a in plan.assignments)


def test_a_gru_cell_becomes_the_steps_that_keras_needs(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "rnn/gru_cell/gates/kernel": rng.random((5, 6), "f4"),
        "rnn/gru_cell/gates/bias": rng.random(6, "f4"),
        "rnn/gru_cell/candidate/kernel": rng.random((5, 3), "f4"),
        "rnn/gru_cell/candidate/bias": rng.random(3, "f4"),
    }
    model = [
        variable("gru/gru_cell/kernel", 2, 9),
        variable("gru/gru_cell/recurrent_kernel", 3, 9),
        variable("gru/gru_cell/bias", 9),
    ]
    _, variables, mapping = proposed(tmp_path, arrays, model)
    made = resolve(mapping, variables, model).tensors(source(arrays))
    gates, candidate = (arrays[f"rnn/gru_cell/{g}/kernel"] for g in ("gates", "candidate"))
    expected = np.concatenate([gates[:, 3:], gates[:, :3], candidate], 1)
    assert np.array_equal(made.read("gru/gru_cell/kernel"), expected[:2])
    assert np.array_equal(made.read("gru/gru_cell/recurrent_kernel"), expected[2:])


@given(st.lists(names.filter(bool), unique=True, max_size=6))
def test_any_names_give_a_map_that_reads_and_means_them(found):
    arrays = {name: zeros(i + 1) for i, name in enumerate(found)}
    model = [variable(f"layer_{i}/value", i + 1) for i in range(len(found))]
    variables = source(arrays).variables
    proposal = propose(variables, model)
    text = write_map(proposal, variables, "any")
    data = tomllib.loads(text)
    assert data["rename"] == proposal.certain
    assert set(proposal.certain) | set(proposal.unused) == set(arrays)
