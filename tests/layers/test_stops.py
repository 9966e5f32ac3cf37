"""Where gradients stop, and where they would be none in any case."""

from __future__ import annotations

import pytest
from tfmigrate.graph import Graph, Node
from tfmigrate.layers.formula import detached
from tfmigrate.layers.losses import DETACHED

SHARED = (
    Node("weights", "VariableV2"),
    Node("x", "Placeholder"),
    Node("features", "MatMul", ("x:0", "weights:0")),
    Node("mean", "Mean", ("features:0",)),
    Node("finite", "IsFinite", ("mean:0",)),
    Node("greatest", "Select", ("finite:0", "mean:0", "x:0")),
)


@pytest.mark.parametrize(
    ("stopped", "user", "stops"),
    [
        ("features:0", "MatMul", True),  # a second head that leaves the trunk alone
        ("mean:0", "Sub", True),
        ("mean:0", "SquaredDifference", False),  # tf.nn.moments
        ("greatest:0", "Sub", False),  # reduce_logsumexp
        ("x:0", "MatMul", False),  # nothing is learned before it
    ],
)
def test_gradients_stop_where_something_would_have_learned(
    stopped: str, user: str, stops: bool
) -> None:
    stop = Node("stop", "StopGradient", (stopped,))
    # What the gradients of the user take is not on the way to its value.
    gradient = Node("gradient", "Sub", ("features:0", "stop:0"))
    nodes = (*SHARED, stop, Node("user", user, ("features:0", "stop:0")), gradient)
    graph = detached(Graph({node.name: node for node in nodes}), ["weights:0"], ["user:0"])
    assert graph.nodes["stop"].op == (DETACHED if stops else "StopGradient")
