"""Tensors that each hold one step → the tensor (batch, time, …) that holds all of them."""

from __future__ import annotations

from ...graph.nodes import Node
from ...plan import Shape
from ..view import View
from .affine import only, strided_key
from .draft import Draft
from .lifting import LIFTED, lift


class Steps:
    """Puts steps together: pieces of one tensor, outputs of a cell, and what is made of these.

    Attributes:
        places: tensor of one step → the tensor of all steps, and which of them it is.
    """

    def __init__(self, draft: Draft):
        self.draft, self.view = draft, draft.view
        self.places: dict[str, tuple[str, int]] = {}
        self._joined: dict[tuple[str, ...], str | None] = {}

    def sequence(self, tensors: list[str]) -> str:
        """As :meth:`assembled`; a stack of them where nothing better is found."""
        found = self.assembled(tensors)
        if found is not None:
            return found
        shape = self.view.shape(tensors[0])
        stacked: Shape = None if shape is None else (shape[0], len(tensors), *shape[1:])
        name = f"{tensors[0].rpartition(':')[0]}/stack"
        attrs = {"axis": 1, "N": len(tensors)}
        return self.draft.add(name, "Pack", tensors, [stacked], self.view.dtype(tensors[0]), attrs)

    def assembled(self, tensors: list[str]) -> str | None:
        """The tensor (batch, time, …) of which these are the steps; None where there is none."""
        key = tuple(self.view.resolve(tensor) for tensor in tensors)
        if key not in self._joined:
            self._joined[key] = self._assemble(key)
        return self._joined[key]

    def _assemble(self, tensors: tuple[str, ...]) -> str | None:
        places = [self.places.get(tensor) or self._taken_from(tensor) for tensor in tensors]
        sources = {place[0] for place in places if place}
        if None not in places and len(sources) == 1:
            source = sources.pop()
            shape = self.draft.shape(source)
            order = [place[1] for place in places if place]
            count = len(tensors)
            if shape is None or shape[1] is None:
                return None
            if order == list(range(order[0], order[0] + count)):
                return source if count == shape[1] else self._range(source, order[0], count)
            if shape[1] != count:
                return None
            if order == list(range(count - 1, -1, -1)):
                return self._reversed(source)
            return None
        nodes = [self.view.graph.node(tensor) for tensor in tensors]
        if any(tensor in self.view.inputs for tensor in tensors):
            return None
        if {node.op for node in nodes} - LIFTED or len({node.op for node in nodes}) != 1:
            return None
        return self._lifted(nodes)

    def _lifted(self, nodes: list[Node]) -> str | None:
        """The same operation at every step, once."""
        operands: dict[str, tuple[str, bool]] = {}
        for slot, source in enumerate(nodes[0].inputs):
            if any(len(node.inputs) != len(nodes[0].inputs) for node in nodes):
                return None
            column = [self.view.resolve(node.inputs[slot]) for node in nodes]
            if self._alike(column):
                operands[source] = (column[0], False)
                continue
            assembled = self.assembled(column)
            if assembled is None:
                return None
            operands[source] = (assembled, True)
        if not any(timed for _, timed in operands.values()):
            return None
        return lift(self.draft, self.view, nodes[0], operands.__getitem__)

    def _alike(self, tensors: list[str]) -> bool:
        """Whether tensors are the same weight or constant."""
        recipes = [self.view.recipe(tensor) for tensor in tensors]
        first = recipes[0]
        if first is None or any(recipe is None for recipe in recipes):
            return False
        if len(set(tensors)) == 1:
            return True
        if first.sources:
            return len({recipe.key for recipe in recipes if recipe}) == 1
        values = [self.view.static(tensor) for tensor in tensors]
        return all(
            value is not None and values[0] is not None and value.tolist() == values[0].tolist()
            for value in values
        )

    def _range(self, source: str, start: int, count: int) -> str:
        """Some steps of a sequence."""
        name = source.rpartition(":")[0]
        bounds = [[0, start], [0, start + count], [1, 1]]
        keys = [self.draft.constant(f"{name}/key", bound) for bound in bounds]
        shape = self.draft.shape(source)
        part = None if shape is None else (shape[0], count, *shape[2:])
        return self.draft.add(
            f"{name}/steps", "StridedSlice", (source, *keys), [part], self.draft.dtype(source),
            {"begin_mask": 1, "end_mask": 1},
        )  # fmt: skip

    def _reversed(self, source: str) -> str:
        name = source.rpartition(":")[0]
        axis = self.draft.constant(f"{name}/axis", [1])
        return self.draft.add(
            f"{name}/reverse", "ReverseV2", (source, axis), [self.draft.shape(source)],
            self.draft.dtype(source),
        )  # fmt: skip

    def _taken_from(self, tensor: str) -> tuple[str, int] | None:
        """The sequence (batch, time, …) that a tensor is one step of, and which."""
        if tensor in self.view.inputs:
            return None
        node, index = self.view.graph.node(tensor), int(tensor.rpartition(":")[2])
        if node.op == "Unpack":
            return self._turned(node.inputs[0], node.attrs.get("axis", 0), index)
        if node.op == "Squeeze":
            axes = node.attrs.get("squeeze_dims") or node.attrs.get("axis") or []
            inner = self.view.resolve(node.inputs[0])
            split = self.view.graph.node(inner)
            place = _split_place(self.view, split, int(inner.rpartition(":")[2]))
            if place is not None and place[3] == 1 and (not axes or list(axes) == [place[1]]):
                return self._turned(place[0], place[1], place[2])
            return None
        if node.op == "StridedSlice":
            return self._sliced(node)
        place = _split_place(self.view, node, index)
        if place is not None:
            return self._split_rows(*place[:3])
        return None

    def _sliced(self, node: Node) -> tuple[str, int] | None:
        """``x[:, 3]`` or ``x[3]``."""
        keys = strided_key(self.view, node)
        shape = self.view.shape(node.inputs[0])
        for axis in (0, 1):
            at = keys[axis] if keys and len(keys) > axis else None
            if keys is None or not isinstance(at, int) or not only(keys, axis):
                continue
            steps = shape[axis] if shape else None
            if at >= 0:
                return self._turned(node.inputs[0], axis, at)
            return None if steps is None else self._turned(node.inputs[0], axis, steps + at)
        return None

    def _turned(self, source: str, axis: int, at: int) -> tuple[str, int] | None:
        """A step along the first or second axis of a tensor."""
        if axis == 1:
            return self.view.resolve(source), at
        if axis != 0:
            return None
        key = (self.view.resolve(source), "swapped")
        if key not in self._joined:
            self._joined[key] = self.draft.swapped(source)
        swapped = self._joined[key]
        return None if swapped is None else (swapped, at)

    def _split_rows(self, source: str, axis: int, at: int) -> tuple[str, int] | None:
        """``tf.split`` of (time * batch, features): steps one below the other."""
        shape = self.view.shape(source)
        node = self.view.node(source)
        if axis == 0 and node.op == "Reshape":
            # transpose to (time, batch, features), reshape to rows: the first way people did it.
            inner = self.view.shape(node.inputs[0])
            if inner is not None and len(inner) == 3 and shape and inner[2] == shape[-1]:
                return self._turned(node.inputs[0], 0, at)
        return None


def _split_place(view: View, node: Node, index: int) -> tuple[str, int, int, int] | None:
    """Source, axis, number and size of a piece of ``tf.split``."""
    if node.op == "Split":
        source, axis_tensor = node.inputs[1], node.inputs[0]
    elif node.op == "SplitV":
        source, axis_tensor = node.inputs[0], node.inputs[2]
    else:
        return None
    axis = view.scalar(axis_tensor)
    shape = view.shape(f"{node.name}:{index}")
    if axis is None or shape is None or axis >= len(shape):
        return None
    return source, int(axis), index, shape[axis] or 0
