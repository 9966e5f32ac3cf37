"""The operation that a program runs to train, and what stands between the loss and the weights."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.graph.nodes import Graph, Node
from tfmigrate.graph.training.operation import apart, gates, train_operations
from tfmigrate.graph.training.optimizers import find_optimizers
from tfmigrate.graph.training.path import read_path
from tfmigrate.graph.training.trainers import find_training


def _const(name: str, value: float) -> Node:
    array = np.float32(value)
    return Node(name, "Const", attrs={"value": array, "dtype": "float32"})


def _variable(name: str) -> Node:
    return Node(name, "VariableV2", attrs={"dtype": "float32", "shape": (3,)})


def _graph(*nodes: Node, gradient: str = "gradients/loss_grad/Mul:0", **collections: list) -> Graph:
    """A loss of ``w``, its gradient, and descent by it; and further nodes."""
    made = [
        Node("x", "Placeholder", attrs={"dtype": "float32", "shape": (3,)}),
        _variable("w"),
        Node("w/read", "Identity", ("w:0",)),
        Node("loss", "Mul", ("x:0", "w/read:0")),
        _const("gradients/ones", 1.0),
        _const("gradients/shape", 3),
        Node("gradients/Fill", "Fill", ("gradients/shape:0", "gradients/ones:0")),
        Node("gradients/loss_grad/Mul", "Mul", ("gradients/Fill:0", "x:0")),
        _const("rate", 0.1),
        Node("SGD/update_w/Apply", "ApplyGradientDescent", ("w:0", "rate:0", gradient)),
        Node("SGD", "NoOp", (), ("SGD/update_w/Apply",)),
        *nodes,
    ]
    return Graph({node.name: node for node in made}, collections=collections)


def _after(name: str, waits: str, variable: str = "w") -> list[Node]:
    """``variable`` is clipped after an operation."""
    return [
        _const(f"{name}/least", -1.0),
        Node(f"{name}/clip", "Maximum", (f"{variable}:0", f"{name}/least:0"), (waits,)),
        Node(name, "Assign", (f"{variable}:0", f"{name}/clip:0")),
    ]


OUTER = {
    "the optimizer": ([], "SGD"),
    "an assignment after it": (_after("norm", "SGD"), "norm"),
    "a group of both": (
        [*_after("norm", "SGD"), Node("train", "NoOp", (), ("norm", "SGD"))],
        "train",
    ),
    "the end of a cond": (
        [
            Node("done", "Identity", ("rate:0",), ("SGD",)),
            Node("cond/Merge", "Merge", ("done:0", "rate:0")),
        ],
        "cond/Merge",
    ),
    "not a summary": ([Node("told", "ScalarSummary", ("rate:0", "rate:0"), ("SGD",))], "SGD"),
    "not a saver": ([Node("save", "SaveV2", ("w:0",), ("SGD",))], "SGD"),
}


@pytest.mark.parametrize("case", OUTER)
def test_a_step_is_the_last_operation_behind_the_updates(case: str) -> None:
    nodes, expected = OUTER[case]
    graph = _graph(*nodes, train_op=["SGD"])
    assert train_operations(graph, find_optimizers(graph)) == [expected]


def test_of_several_ends_the_one_that_changes_most_is_the_step() -> None:
    told = Node("accuracy", "Identity", ("x:0",), ("SGD",))
    graph = _graph(told, *_after("norm", "SGD"))
    assert train_operations(graph, find_optimizers(graph)) == ["norm"]


def test_what_the_program_runs_besides_is_found_but_for_first_values() -> None:
    first = [_const("zeros", 0.0), Node("w/Assign", "Assign", ("w:0", "zeros:0"))]
    restored = [Node("r", "RestoreV2", ("x:0",)), Node("save/Assign", "Assign", ("w:0", "r:0"))]
    graph = _graph(*first, *_after("clip", "x"), *restored)
    assert [node.name for node in apart(graph, ["SGD"], {"w"})] == ["clip"]
    assert apart(graph, ["SGD", "clip"], {"w"}) == []
    assert apart(graph, ["SGD"], {"v"}) == []


def test_an_update_waits_for_all_gradients_that_do_not_wait_for_it() -> None:
    graph = _graph(
        _variable("v"),
        Node("gradients/v_grad", "Neg", ("gradients/Fill:0",)),
        Node("SGD/update_v/Apply", "ApplyGradientDescent", ("v:0", "rate:0", "gradients/v_grad:0")),
        _variable("u"),
        Node("gradients/u_grad", "Neg", ("gradients/Fill:0",), ("SGD/update_w/Apply",)),
        Node("SGD/update_u/Apply", "ApplyGradientDescent", ("u:0", "rate:0", "gradients/u_grad:0")),
    )
    (optimizer,) = find_optimizers(graph)
    early = ["gradients/loss_grad/Mul", "gradients/v_grad"]
    assert gates(graph, [optimizer], []) == {
        "SGD/update_w/Apply": early,
        "SGD/update_v/Apply": early,
        "SGD/update_u/Apply": early,
    }


BETWEEN = {  # operations on the gradient → what is told, and whether a few steps show it
    "nothing": ([], "gradients/loss_grad/Mul:0", None),
    "a sign": ([Node("s", "Sign", ("gradients/loss_grad/Mul:0",))], "s:0", ("Sign", True)),
    "a choice": (
        [Node("m", "Minimum", ("gradients/loss_grad/Mul:0", "rate:0"))],
        "m:0",
        ("Minimum", False),
    ),
    "a mask": (
        [_variable("mask"), Node("m", "Mul", ("gradients/loss_grad/Mul:0", "mask:0"))],
        "m:0",
        ("Mul", False),
    ),
    "noise": (
        [
            Node("n", "RandomStandardNormal", ("x:0",)),
            Node("a", "Add", ("gradients/loss_grad/Mul:0", "n:0")),
        ],
        "a:0",
        ("Add", False),
    ),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_what_stands_between_a_gradient_and_its_update_is_found(case: str) -> None:
    nodes, gradient, told = BETWEEN[case]
    graph = _graph(*nodes, gradient=gradient)
    trainers = find_training(graph).trainers
    obstacles = read_path(graph, trainers, ["SGD"], ()).obstacles
    found = [(o.operations[0][0], o.shows) for o in obstacles if o.where == "between"]
    assert found == ([] if told is None else [told])
    assert all(obstacle.variables == ("w",) for obstacle in obstacles)


def test_a_factor_on_the_gradient_is_named_unless_the_loss_has_its_inverse() -> None:
    scaled = [_const("third", 1 / 3), Node("g", "Mul", ("gradients/loss_grad/Mul:0", "third:0"))]
    graph = _graph(*scaled, gradient="g:0")
    (obstacle,) = read_path(graph, find_training(graph).trainers, ["SGD"], ()).obstacles
    assert obstacle.words == ("multiplication by 0.333333",)


def test_gradients_that_start_from_another_number_are_found() -> None:
    graph = _graph()
    nodes = {**graph.nodes, "gradients/ones": _const("gradients/ones", 128.0)}
    scaled = Graph(nodes)
    (obstacle,) = read_path(scaled, find_training(scaled).trainers, ["SGD"], ()).obstacles
    assert (obstacle.where, obstacle.words) == ("seed", ("128",))


def test_assignments_in_a_step_are_found_and_averages_that_nothing_reads_are_kept() -> None:
    average = [
        _variable("average"),
        Node("less", "Sub", ("average:0", "w:0"), ("SGD",)),
        Node("track", "AssignSub", ("average:0", "less:0")),
    ]
    graph = _graph(*_after("norm", "SGD"), *average, Node("train", "NoOp", (), ("norm", "track")))
    path = read_path(graph, find_training(graph).trainers, ["train"], ())
    (obstacle,) = path.obstacles
    assert (obstacle.where, obstacle.variables) == ("beside", ("w",))
    assert obstacle.operations == (("Assign", "norm"),)
    assert path.kept == ("average",)


def test_a_gradient_that_the_program_replaces_is_found() -> None:
    graph = _graph()
    own = Node("loss", "Mul", ("x:0", "w/read:0"), attrs={"_gradient_op_type": "Through"})
    graph = Graph({**graph.nodes, "loss": own})
    path = read_path(graph, find_training(graph).trainers, ["SGD"], ())
    assert path.own_gradients == (("Mul", "loss"),)
