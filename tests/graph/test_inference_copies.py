"""Outputs where the loss takes a tensor that belongs to training alone."""

from dataclasses import replace

import numpy as np
from tfmigrate.graph import Graph, Node, VariableDef
from tfmigrate.graph.interface.inference_copies import before_chance, chance_before, inference_copy


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    return Node(name, op, inputs, attrs={"dtype": "float32", **attrs})


def graph_of(*nodes: Node) -> Graph:
    return Graph({n.name: n for n in nodes})


X = node("x", "Placeholder", shape=(None, 4))
W = node("w", "VariableV2", shape=(4, 3))
SIZES = Node("sizes", "Const", attrs={"value": np.array([2, 3], np.int32), "dtype": "int32"})


def test_a_sample_around_a_learned_mean_gives_way_to_the_mean() -> None:
    graph = graph_of(
        X,
        W,
        SIZES,
        node("mean", "MatMul", "x:0", "w:0"),
        node("noise", "RandomStandardNormal", "sizes:0"),
        node("sample", "Add", "mean:0", "noise:0"),
        node("decoded", "Sigmoid", "sample:0"),
    )
    assert before_chance(graph, "decoded:0", ["w"]) == "mean:0"
    assert before_chance(graph, "mean:0", ["w"]) == "mean:0"


def test_what_is_drawn_between_the_mean_and_the_loss_is_what_random_normal_gave() -> None:
    one, none = (
        Node(name, "Const", attrs={"value": np.float32(value), "dtype": "float32"})
        for name, value in (("one", 1), ("none", 0))
    )
    graph = graph_of(
        X,
        W,
        SIZES,
        one,
        none,
        node("mean", "MatMul", "x:0", "w:0"),
        node("normal/Random", "RandomStandardNormal", "sizes:0"),
        node("normal/mul", "Mul", "normal/Random:0", "one:0"),
        node("normal", "Add", "normal/mul:0", "none:0"),
        node("sample", "Add", "mean:0", "normal:0"),
        node("decoded", "Sigmoid", "sample:0"),
    )
    assert chance_before(graph, "decoded:0", "mean:0") == ["normal:0"]
    assert chance_before(graph, "mean:0", "mean:0") == []


def test_noise_added_to_what_is_given_leaves_the_output() -> None:
    graph = graph_of(
        X,
        W,
        SIZES,
        node("noise", "RandomStandardNormal", "sizes:0"),
        node("noisy", "Add", "x:0", "noise:0"),
        node("decoded", "MatMul", "noisy:0", "w:0"),
    )
    assert before_chance(graph, "decoded:0", ["w"]) == "decoded:0"


def test_the_copy_with_moving_averages_is_the_one_to_use() -> None:
    graph = graph_of(
        X,
        W,
        node("moving_mean", "VariableV2", shape=(3,)),
        node("trained", "MatMul", "x:0", "w:0"),
        node("product", "MatMul", "x:0", "w:0"),
        node("used", "Sub", "product:0", "moving_mean:0"),
    )
    weight = VariableDef("w:0", "w/Assign", "w/read:0", "", None, False, True)
    graph = replace(graph, collections={"trainable_variables": (weight,)})
    leaves = ["trained:0", "used:0"]
    assert inference_copy(graph, "trained:0", leaves) == "used:0"
    assert inference_copy(graph, "used:0", leaves) is None
