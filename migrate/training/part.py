"""A part of a graph that is computed from a few tensors alone: they become placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..graph.nodes import Graph, Node, split_tensor

_OURS = "tfmigrate_"  # nodes of ours must not take a name of the graph
_STEPS = {
    "AssignSub": "Sub", "AssignSubVariableOp": "Sub",
    "AssignAdd": "Add", "AssignAddVariableOp": "Add",
}  # fmt: skip


class Part:
    """Nodes that are taken over, one after another.

    Args:
        graph: the whole.
        given: name → shape of what stands for tensors of the graph; float32.
    """

    def __init__(self, graph: Graph, given: Mapping[str, tuple[int | None, ...] | None]):
        self._graph = graph
        self._given = {name: self._placeholder(name, shape) for name, shape in given.items()}
        self._made: dict[str, Node] = {}
        self._results: dict[str, str] = {}

    @staticmethod
    def placeholder(name: str) -> str:
        """The tensor that stands for what is given under this name."""
        return f"{_OURS}{name}:0"

    def _placeholder(self, name: str, shape: tuple[int | None, ...] | None) -> Node:
        kind, shapes = "float32", [shape]
        attrs = {"dtype": kind, "T": kind, "shape": shape, "_output_shapes": shapes}
        return Node(_OURS + name, "Placeholder", attrs=attrs)

    def __contains__(self, node: Node) -> bool:
        return node.name in self._made

    def add(self, node: Node, inputs: tuple[str, ...]) -> None:
        """Takes a node over, with other inputs."""
        self._made[node.name] = replace(node, inputs=inputs, control_inputs=())

    def scaled(self, tensor: str, factor: float, shape: tuple[int | None, ...] | None) -> str:
        """A tensor of the part times a number."""
        value = np.float32(factor)
        by = Node(f"{_OURS}by", "Const", attrs={"value": value, "dtype": "float32"})
        attrs = {"T": "float32", "_output_shapes": [shape]}
        product = Node(f"{_OURS}scaled", "Mul", (tensor, f"{by.name}:0"), attrs=attrs)
        self._made |= {by.name: by, product.name: product}
        return f"{product.name}:0"

    def result(self, name: str, tensor: str, assigning: Node | None = None) -> None:
        """Makes a tensor a result: added to or subtracted from ``name`` where that is assigned."""
        if assigning is not None and assigning.op in _STEPS:
            given = self._given[name]
            new = f"{_OURS}step_{name}"
            terms = (self.placeholder(name), tensor)
            self._made[new] = Node(new, _STEPS[assigning.op], terms, attrs=given.attrs)
            tensor = f"{new}:0"
        self._results[name] = tensor

    def graph(self) -> tuple[Graph, dict[str, str]]:
        """The part, with names that are the same for parts of one shape; and its results."""
        names = {node.name: node.name for node in self._given.values()}
        for number, (name, node) in enumerate(self._made.items(), start=1):
            names[name] = f"{node.op.lower()}_{number}"
        for name, tensor in self._results.items():
            if (node_name := split_tensor(tensor)[0]) in self._made:
                names[node_name] = f"next_{name}"

        def renamed(tensor: str) -> str:
            name, index = split_tensor(tensor)
            return f"{names[name]}:{index}"

        nodes = {}
        for node in (*self._given.values(), *self._made.values()):
            inputs = tuple(map(renamed, node.inputs))
            nodes[names[node.name]] = replace(node, name=names[node.name], inputs=inputs)
        results = {name: renamed(tensor) for name, tensor in self._results.items()}
        return replace(self._graph, nodes=nodes), results
