"""How the folding of feature columns looks at a graph: nodes behind reads, single values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..constants import static_value
from ..nodes import Graph, Node
from ..variables import resolve

GATHERS = ("Gather", "GatherV2", "ResourceGather")
SELECTS = ("Select", "SelectV2")


def node_of(graph: Graph, tensor: str) -> Node:
    """The node that makes a tensor, reads of variables passed."""
    return graph.node(resolve(graph, tensor))


def reshaped(graph: Graph, tensor: str) -> Node:
    """The node behind a tensor, or behind what is in another shape."""
    node = node_of(graph, tensor)
    while node.op == "Reshape":
        node = node_of(graph, node.inputs[0])
    return node


def only_value(graph: Graph, tensor: str) -> Any:
    """The one value of a constant, or None."""
    value = static_value(graph, tensor)
    return None if value is None or value.size != 1 else plain(value.reshape(-1)[0])


def plain(value: Any) -> Any:
    """A number or a word of Python's."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value.item() if isinstance(value, np.generic) else value
