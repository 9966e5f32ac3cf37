"""Losses that take an output of the model both before and after its sigmoid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..graph.nodes import Graph, Node
from ..graph.variables import resolve

_LEAST = np.float32(1e-7)  # of a probability: Keras's epsilon


def with_sigmoids_undone(graph: Graph, loss: str, ends: Sequence[str]) -> Graph:
    """The graph, with a loss that takes outputs alone where it also takes what enters a sigmoid.

    That is ``log(p / (1 - p))`` of a clipped p, as Keras writes it; Keras 2 finds it in the graph.
    """
    behind, nodes = graph.ancestors([loss]), dict(graph.nodes)
    for end in ends:
        made = graph.node(resolve(graph, end))
        if made.op != "Sigmoid" or made.name not in behind:
            continue
        logits, network = resolve(graph, made.inputs[0]), graph.ancestors([end])
        users = [
            node
            for node in graph.consumers(logits)
            if node.name in behind and node.name not in network
        ]
        if not users:
            continue
        undone = _undone(f"{made.name}:0", made, nodes)
        for user in users:
            inputs = tuple(undone if resolve(graph, t) == logits else t for t in user.inputs)
            nodes[user.name] = replace(nodes[user.name], inputs=inputs)
    return graph if len(nodes) == len(graph.nodes) else replace(graph, nodes=nodes)


def _undone(given: str, made: Node, nodes: dict[str, Node]) -> str:
    """Adds operations that give what enters a sigmoid, and gives their last tensor."""

    def add(op: str, *inputs: str) -> str:
        name = f"{made.name}/undone_{op}"
        nodes[name] = Node(name, op, inputs, attrs=made.attrs)
        return f"{name}:0"

    def number(value: np.float32, name: str) -> str:
        attrs = {"value": value, "dtype": "float32", "_output_shapes": [()]}
        nodes[f"{made.name}/{name}"] = Node(f"{made.name}/{name}", "Const", attrs=attrs)
        return f"{made.name}/{name}:0"

    most = number(np.float32(1) - _LEAST, "undone_most")
    clipped = add("Maximum", add("Minimum", given, most), number(_LEAST, "undone_least"))
    rest = add("Sub", number(np.float32(1), "undone_one"), clipped)
    return add("Log", add("RealDiv", clipped, rest))
