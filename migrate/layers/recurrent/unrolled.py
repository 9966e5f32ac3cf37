"""Cells that a Python loop wrote once a step (``static_rnn``) → one node a chain of steps."""

from __future__ import annotations

from ...graph.loops import find_loops
from ...graph.nodes import Node
from ...plan import Shape
from ...plan.names import snake
from ..view import View
from .affine import Block, only, strided_key
from .cells import Cell, Step, block_gates, match_step
from .draft import Draft, common_scope, is_zero
from .lifting import LIFTED, lift
from .loops import join

_STARTS = (
    "Mul", "Add", "AddV2", "Tanh", "Relu", "Sigmoid", "Elu", "Selu", "Softsign", "Softplus",
    "LSTMBlockCell", "GRUBlockCell", "GRUBlockCellV2",
)  # fmt: skip


def fold_unrolled(draft: Draft) -> None:
    """Replaces chains of steps of the same cell, the first in the graph's order first."""
    _Unrolled(draft).fold()


class _Chain:
    """Steps of one cell, each of which takes the state the one before leaves."""

    def __init__(self, step: Step):
        self.steps = [step]
        self.hidden: list[str] = []
        self.cell: Cell | None = None


class _Unrolled:
    def __init__(self, draft: Draft):
        self.draft, self.view = draft, draft.view
        # Tensor of one step → the tensor of all steps (batch, time, …), and which step it is.
        self.places: dict[str, tuple[str, int]] = {}
        self._joined: dict[tuple[str, ...], str | None] = {}

    def fold(self) -> None:
        for node in self.view.graph.of("BlockLSTM"):
            self._block(node)
        for chain in self._chains():
            self._fold(chain)
        if self.places:
            self._gather()

    def _chains(self) -> list[_Chain]:
        chains: list[_Chain] = []
        ends: dict[str, _Chain] = {}
        steps = {}
        inside = {name for loop in find_loops(self.view.graph).values() for name in loop.body_nodes}
        for node in self.view.graph.topological_order():
            if node.op in _STARTS and node.name not in inside:
                for index in (1, 3, 6) if "Block" in node.op else (0,):
                    tensor = f"{node.name}:{index}"
                    step = match_step(self.view, tensor)
                    if step is not None:
                        steps[tensor] = step
        for step in steps.values():
            chain = self._continued(step, ends)
            if chain is None:
                chain = _Chain(step)
                chains.append(chain)
            ends[step.output] = chain
        return [chain for chain in chains if self._complete(chain)]

    def _continued(self, step: Step, ends: dict[str, _Chain]) -> _Chain | None:
        """The chain that a step goes on, which it then belongs to."""
        for leaf in (step.hidden,) if step.hidden else step.leaves:
            chain = ends.get(leaf)
            if chain is None:
                continue
            last = chain.steps[-1]
            cell = step.cell(leaf)
            if cell is None or last.output != leaf or last.kind != step.kind:
                continue
            if step.memory is not None and step.memory != last.memory_output:
                continue
            if chain.cell is None:
                first = self._first_hidden(last, cell.recurrent[0])
                if first is None or (own := last.cell(first)) is None or own.key != cell.key:
                    continue
                chain.cell = own
                chain.hidden.append(first)
            elif chain.cell.key != cell.key:
                continue
            chain.steps.append(step)
            chain.hidden.append(leaf)
            return chain
        return None

    def _first_hidden(self, step: Step, block: Block) -> str | None:
        """Which leaf is multiplied by the recurrent kernel."""
        for leaf in step.leaves:
            found = step.recurrent_block(leaf)
            if found is not None and found.key == block.key:
                return leaf
        return None

    def _complete(self, chain: _Chain) -> bool:
        """Whether a chain is a layer; a single step is one where its arithmetic is beyond doubt."""
        if chain.cell is not None:
            return True
        step = chain.steps[0]
        if step.kind == "SimpleRNN" or len(step.leaves) < 2:
            return False
        hidden = step.hidden or step.leaves[-1]
        chain.cell = step.cell(hidden)
        chain.hidden = [hidden]
        return chain.cell is not None

    def _fold(self, chain: _Chain) -> None:
        cell = chain.cell
        assert cell is not None
        steps = chain.steps
        columns = zip(*(s.inputs(h) for s, h in zip(steps, chain.hidden, strict=True)), strict=True)
        inputs = [self._sequence(list(leaves)) for leaves in columns]
        if not inputs:
            return
        name = common_scope(step.output for step in steps)
        first = steps[0]
        starts = [chain.hidden[0]] + ([first.memory] if first.memory else [])
        if all(is_zero(self.view, start) for start in starts):
            starts = []
        sequence = join(self.draft, name or "inputs", inputs)
        wish = f"{name}/{snake(cell.kind)}".lstrip("/")
        made = self.draft.recurrent(wish, cell, sequence, starts)
        node = made.rpartition(":")[0]
        for at, step in enumerate(steps):
            self.places[step.output] = (made, at)
            if at < len(steps) - 1:
                self.draft.replaced[step.output] = self._at(made, at, step.output)
        self.draft.replaced[steps[-1].output] = f"{node}:1"
        if steps[-1].memory_output:
            self.draft.replaced[steps[-1].memory_output] = f"{node}:2"

    def _at(self, sequence: str, at: int, of: str) -> str:
        """One step of a sequence."""
        name = of.rpartition(":")[0]
        bounds = [[0, at], [0, at + 1], [1, 1]]
        keys = [self.draft.constant(f"{name}/key", bound) for bound in bounds]
        attrs = {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2}
        shape = self.draft.shape(sequence)
        one = None if shape is None else (shape[0], *shape[2:])
        return self.draft.add(
            f"{name}/step", "StridedSlice", (sequence, *keys), [one], self.view.dtype(of), attrs
        )

    # Tensors of single steps as one of all steps.

    def _sequence(self, tensors: list[str]) -> str:
        found = self._assembled(tensors)
        if found is not None:
            return found
        shape = self.view.shape(tensors[0])
        stacked: Shape = None if shape is None else (shape[0], len(tensors), *shape[1:])
        name = f"{tensors[0].rpartition(':')[0]}/stack"
        attrs = {"axis": 1, "N": len(tensors)}
        return self.draft.add(name, "Pack", tensors, [stacked], self.view.dtype(tensors[0]), attrs)

    def _assembled(self, tensors: list[str]) -> str | None:
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
            assembled = self._assembled(column)
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
            return self._split_rows(*place)
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

    def _split_rows(self, source: str, axis: int, at: int, size: int) -> tuple[str, int] | None:
        """``tf.split`` of (time * batch, features): steps one below the other."""
        shape = self.view.shape(source)
        node = self.view.node(source)
        if axis == 0 and node.op == "Reshape":
            # transpose to (time, batch, features), reshape to rows: the first way people did it.
            inner = self.view.shape(node.inputs[0])
            if inner is not None and len(inner) == 3 and shape and inner[2] == shape[-1]:
                return self._turned(node.inputs[0], 0, at)
        return None

    def _gather(self) -> None:
        """Steps that are joined again become the sequence itself."""
        for node in self.view.graph.of("Pack", "ConcatV2", "Concat"):
            parts = node.inputs
            if node.op == "ConcatV2":
                parts = node.inputs[:-1]
            elif node.op == "Concat":
                parts = node.inputs[1:]
            if len(parts) < 2 or not self._touches(parts[0]):
                continue
            sequence = self._assembled(list(parts))
            if sequence is None:
                continue
            axis = node.attrs.get("axis", 0)
            if node.op != "Pack":
                axis = self.view.scalar(node.inputs[-1 if node.op == "ConcatV2" else 0])
            made = self._restacked(node, sequence, axis)
            if made is not None:
                self.draft.replaced[f"{node.name}:0"] = made

    def _touches(self, tensor: str) -> bool:
        """Whether a tensor is made from a step of a chain by a few operations."""
        waiting, seen = [(self.view.resolve(tensor), 0)], 0
        while waiting and seen < 40:
            tensor, depth = waiting.pop()
            seen += 1
            if tensor in self.places:
                return True
            if tensor not in self.view.inputs and depth < 8:
                inputs = self.view.graph.node(tensor).inputs
                waiting += [(self.view.resolve(source), depth + 1) for source in inputs]
        return False

    def _restacked(self, node: Node, sequence: str, axis: int) -> str | None:
        shape = self.draft.shape(sequence)
        if node.op == "Pack":
            return self.draft.swapped(sequence) if axis == 0 else sequence if axis == 1 else None
        if shape is None or len(shape) != 3 or axis not in (-1, 0, 1):
            return None
        source = self.draft.swapped(sequence) if axis == 0 else sequence
        width = shape[2] if axis == 0 else (shape[1] or 0) * (shape[2] or 0)
        sizes = self.draft.constant(f"{node.name}/shape", [-1, width])
        return self.draft.add(
            node.name, "Reshape", (source, sizes), [self.view.shape(f"{node.name}:0")],
            self.draft.dtype(sequence),
        )  # fmt: skip

    def _block(self, node: Node) -> None:
        """LSTMBlockFusedCell: one operation over time, batch and features."""
        if node.attrs.get("use_peephole") or node.attrs.get("cell_clip", 3.0) > 0:
            return
        _, x, memory, hidden, kernel, _, _, _, bias = node.inputs
        view = self.view
        gates = block_gates(
            view, kernel, bias, view.resolve(x), "state", node.attrs.get("forget_bias", 1.0)
        )
        if gates is None:
            return
        step = Step("LSTM", gates, "tanh", "sigmoid", f"{node.name}:6")
        cell = step.cell("state")
        if cell is None:
            return
        starts = [] if is_zero(view, hidden) and is_zero(view, memory) else [hidden, memory]
        made = self.draft.recurrent(
            f"{node.name}/lstm", cell, self.draft.swapped(view.resolve(x)), starts
        )
        self.draft.replaced[f"{node.name}:6"] = self.draft.swapped(made)
        for consumer in view.graph.consumers(f"{node.name}:1"):
            keys = strided_key(view, consumer) if consumer.op == "StridedSlice" else None
            if keys and keys[0] == -1 and all(key == slice(None) for key in keys[1:]):
                last = f"{made.rpartition(':')[0]}:2"
                self.draft.replaced[f"{consumer.name}:0"] = last


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
