"""A graph being rewritten: new nodes, and tensors that take the place of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...graph.constants import axes_or_sizes
from ...graph.nodes import Graph, Node
from ...plan import Shape
from ..view import View
from .cells import Cell

RECURRENT = "Recurrent"
"""The op of a node that is a whole layer: see :meth:`Draft.recurrent`."""


class Draft:
    """A view, and what is to be different in it.

    Attributes:
        view: of the graph as it is.
        replaced: tensor → the tensor that takes its place.
        nodes: new ones, and old ones that are to be different.
        changed: tensors of such that do not have the values they had.
    """

    def __init__(self, view: View):
        self.view = view
        self.replaced: dict[str, str] = {}
        self.nodes: dict[str, Node] = {}
        self.changed: set[str] = set()

    def add(
        self,
        name: str,
        op: str,
        inputs: Sequence[str],
        shapes: Sequence[Shape],
        dtype: str = "float32",
        attrs: Mapping[str, Any] | None = None,
    ) -> str:
        """A new node; gives its first output.

        Args:
            name: wished for; the node's is unique.
            shapes: of its outputs.
        """
        number, unique = 0, name
        while unique in self.nodes or unique in self.view.graph.nodes:
            number += 1
            unique = f"{name}_{number}"
        given = {"T": dtype, "_output_shapes": list(shapes), **(attrs or {})}
        self.nodes[unique] = Node(unique, op, tuple(inputs), attrs=given)
        return f"{unique}:0"

    def constant(self, name: str, value: Any) -> str:
        """A new constant of whole numbers."""
        array = np.asarray(value, np.int32)
        return self.add(name, "Const", (), [array.shape], "int32", {"value": array})

    def shape(self, tensor: str) -> Shape:
        """The shape of an old or new tensor."""
        node = self.nodes.get(tensor.rpartition(":")[0])
        if node is not None:
            shape: Shape = node.attrs["_output_shapes"][int(tensor.rpartition(":")[2])]
            return shape
        return self.view.shape(tensor)

    def dtype(self, tensor: str) -> str:
        """The dtype of an old or new tensor."""
        node = self.nodes.get(tensor.rpartition(":")[0])
        return node.attrs["T"] if node is not None else self.view.dtype(tensor)

    def node(self, tensor: str) -> Node:
        """The node behind an old or new tensor, identities passed through."""
        node = self.nodes.get(tensor.rpartition(":")[0])
        return node if node is not None else self.view.node(tensor)

    def swapped(self, tensor: str) -> str:
        """A tensor with its first two axes (time and batch) in the other order."""
        node = self.node(tensor)
        if node.op == "Transpose":
            order = self.order(node)
            if order is not None and order[:2] == [1, 0] and order[2:] == sorted(order[2:]):
                return node.inputs[0]
        shape = self.shape(tensor)
        if node.op == "ReverseV2" and self._axes(node) == (0,):
            inner = self.swapped(node.inputs[0])
            axis = self.constant(f"{node.name}/axis", [1])
            shape = self.shape(inner)
            return self.add(node.name, "ReverseV2", (inner, axis), [shape], self.dtype(inner))
        rank = 3 if shape is None else len(shape)
        perm = [1, 0, *range(2, rank)]
        name = tensor.rpartition(":")[0]
        turned = None if shape is None else tuple(shape[axis] for axis in perm)
        order_tensor = self.constant(f"{name}/perm", perm)
        return self.add(
            f"{name}/transpose", "Transpose", (tensor, order_tensor), [turned], self.dtype(tensor)
        )

    def _axes(self, node: Node) -> tuple[int, ...] | None:
        known = node.name in self.view.graph.nodes
        return axes_or_sizes(self.view.static(node.inputs[1])) if known else None

    def order(self, node: Node) -> list[int] | None:
        """The permutation of a Transpose, where it is constant."""
        added = self.nodes.get(node.inputs[1].rpartition(":")[0])
        order = axes_or_sizes(added.attrs["value"] if added else self.view.static(node.inputs[1]))
        return None if order is None else list(order)

    def element(self, sequence: str, at: int, of: str) -> str:
        """One step of a sequence (time, batch, …), which stands for a tensor."""
        name, shape = of.rpartition(":")[0], self.shape(sequence)
        keys = [self.constant(f"{name}/key", [bound]) for bound in (at, at + 1, 1)]
        one = None if shape is None else shape[1:]
        attrs = {"shrink_axis_mask": 1}
        return self.add(
            f"{name}/step", "StridedSlice", (sequence, *keys), [one], self.dtype(sequence), attrs
        )

    def up_to_longest(self, sequence: str, lengths: str) -> str:
        """The steps of a sequence (batch, time, …) before the end of the longest."""
        shape = self.shape(sequence)
        cut = None if shape is None else (shape[0], None, *shape[2:])
        name = f"{sequence.rpartition(':')[0]}/longest"
        return self.add(name, "UpToLongest", (sequence, lengths), [cut], self.dtype(sequence))

    def recurrent(
        self,
        name: str,
        cell: Cell,
        sequence: str,
        initial: Sequence[str] = (),
        mask: str | None = None,
        *,
        holds: bool = False,
    ) -> str:
        """A layer over a whole sequence, as one node.

        Its inputs are the sequence (batch, time, features), the initial states where they are
        not zeros, and the mask. Its outputs: all states ``h`` (batch, time, units), the last
        ``h``, and the last ``c`` of an LSTM. Where the mask is false, the output is zero, or, if
        it ``holds``, that of the step before.
        """
        shape = self.shape(sequence) or (None, None, None)
        last = (shape[0], cell.units)
        shapes: list[Shape] = [(*shape[:2], cell.units), last, last]
        attrs = {"cell": cell, "masked": mask is not None, "holds": holds, "backwards": False}
        inputs = (sequence, *initial, *((mask,) if mask else ()))
        return self.add(name, RECURRENT, inputs, shapes, self.dtype(sequence), attrs)

    def finish(self) -> View:
        """The view of the rewritten graph, without what nothing needs any more."""
        old = self.view

        def settled(tensor: str) -> str:
            while True:
                tensor = old.resolve(tensor) if tensor.rpartition(":")[0] in old_nodes else tensor
                if tensor not in self.replaced:
                    return tensor
                tensor = self.replaced[tensor]

        old_nodes = old.graph.nodes
        nodes = {**old_nodes, **self.nodes}
        outputs = [settled(tensor) for tensor in old.outputs]
        kept: dict[str, Node] = {}
        waiting = [*outputs, *old.inputs]
        while waiting:
            tensor = waiting.pop()
            node = nodes[tensor.rpartition(":")[0]]
            if node.name in kept:
                continue
            inputs = tuple(settled(source) for source in node.inputs)
            kept[node.name] = replace(node, inputs=inputs)
            if tensor not in old.inputs:
                waiting.extend(inputs)
        graph: Graph = replace(old.graph, nodes=kept)
        graph = replace(graph, nodes={name: kept[name] for name in graph.order})
        made: dict[str, dict[str, str]] = {
            name: {t: o for t, o in old.made.get(name, {}).items() if t not in self.changed}
            for name in self.nodes
        }
        for tensor in self.replaced:
            new, original = settled(tensor), old.original(tensor)
            if new.rpartition(":")[0] in made and original is not None:
                made[new.rpartition(":")[0]].setdefault(new, original)
        return View(graph, old.inputs, outputs, old.variables, {**old.made, **made})


def common_scope(names: Iterable[str]) -> str:
    """The scopes that names share, such as ``encoder/fw``; or nothing."""
    scopes = [name.split("/")[:-1] for name in names]
    count = 0
    while all(len(s) > count and s[count] == scopes[0][count] for s in scopes):
        count += 1
    return "/".join(scopes[0][:count])


_STAYING_ZERO = (
    "Tile", "Reshape", "ExpandDims", "BroadcastTo", "StridedSlice", "Squeeze", "Sum", "Mean", "Max",
)  # fmt: skip


def is_zero(view: View, tensor: str) -> bool:
    """Whether a tensor holds nothing but zeros, of whatever batch size."""
    value = view.static(tensor)
    if value is not None:
        return value.size > 0 and not value.any()
    node = view.node(tensor)
    if node.op == "Fill":
        return view.scalar(node.inputs[1]) == 0
    if node.op == "ConcatV2":
        return all(is_zero(view, source) for source in node.inputs[:-1])
    if node.op in _STAYING_ZERO:
        return is_zero(view, node.inputs[0])
    if node.op == "Mul":
        return any(view.scalar(source) == 0 for source in node.inputs)
    return node.op == "ZerosLike"
