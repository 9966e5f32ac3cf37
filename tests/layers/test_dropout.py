"""The dropout that ``tf.compat.v1`` of TensorFlow 2 writes: ``where(random >= rate, x * s, 0)``.

The nodes are those of ``tf.layers.dropout(x, 0.3, training=training)`` in TensorFlow 2.21.
"""

from __future__ import annotations

import numpy as np
from tfmigrate.graph import Graph
from tfmigrate.graph.nodes import Node
from tfmigrate.layers.dropout import fold_dropout
from tfmigrate.verification.feeding import dropped_constants

FLOAT = {"dtype": "float32", "T": "float32"}


def constant(name: str, value: float) -> Node:
    return Node(name, "Const", attrs={**FLOAT, "value": np.float32(value)})


def graph(otherwise: float = 0.0) -> Graph:
    nodes = (
        Node("x", "Placeholder", attrs=FLOAT),
        Node("training", "Placeholder", attrs={"dtype": "bool"}),
        Node("on", "Switch", ("x:0", "training:0"), attrs=FLOAT),
        Node("off", "Switch", ("x:0", "training:0"), attrs=FLOAT),
        constant("scale", 1 / 0.7),
        Node("scaled", "Mul", ("on:1", "scale:0"), attrs=FLOAT),
        Node("sizes", "Shape", ("on:1",)),
        Node("random", "RandomUniform", ("sizes:0",), attrs=FLOAT),
        constant("rate", 0.3),
        Node("kept", "GreaterEqual", ("random:0", "rate:0"), attrs={"T": "float32"}),
        constant("otherwise", otherwise),
        Node("dropped", "SelectV2", ("kept:0", "scaled:0", "otherwise:0"), attrs=FLOAT),
        Node("same", "Identity", ("off:0",), attrs=FLOAT),
        Node("result", "Merge", ("same:0", "dropped:0"), attrs=FLOAT),
    )
    return Graph({node.name: node for node in nodes})


def test_it_is_one_node_with_its_rate() -> None:
    folded = fold_dropout(graph()).node("result:0")
    assert (folded.op, folded.inputs, folded.attrs["rate"]) == ("Dropout", ("x:0",), 0.3)


def test_values_that_become_another_number_are_not_dropped() -> None:
    assert fold_dropout(graph(otherwise=-1.0)).node("result:0").op == "Merge"


def test_nothing_drops_and_nothing_is_scaled_where_steps_are_compared() -> None:
    assert dropped_constants(graph(), ["result:0"]) == {"rate": 0.0, "scale": 1.0}
