"""While loops that run cells over a sequence (dynamic_rnn, Keras' own loop) → a node a cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...graph.nodes import Node
from ...plan import Shape
from ...plan.names import snake
from ..view import View
from .affine import columns_of, concatenated, width_of
from .cells import Cell, Step, match_step
from .decoding import as_decoder
from .draft import Draft, is_zero
from .lifting import LIFTED, lift
from .steps import Body, Read, State, bodies

_Span = tuple[str, int, int]
"""An old state, and a range of its columns."""


class _NotFoldedError(Exception):
    """The loop is no row of cells that Keras has."""


def fold_loops(draft: Draft) -> None:
    """Replaces what loops leave behind by what layers give, where their cells are known."""
    for body in map(as_decoder, bodies(draft.view)):
        try:
            _Loop(draft, body).fold()
        except _NotFoldedError:
            continue


@dataclass(frozen=True)
class _Part:
    """A state, or the columns of one that several states share."""

    state: State
    span: _Span
    new: str


@dataclass(frozen=True)
class _Layer:
    """A cell of the loop: its step, and which states are its own."""

    step: Step
    cell: Cell
    hidden_leaf: str
    hidden: _Part
    memory: _Part | None


class _Loop:
    def __init__(self, draft: Draft, body: Body):
        self.draft, self.body, self.step = draft, body, body.view
        self.outside: View = draft.view
        self.steps: tuple[str, str] | None = None  # lengths or a mask, and the tensor
        self.sequences: dict[str, str] = {}  # tensor of the step → the tensor of all steps
        self.folded: dict[str, str] = {}  # a cell's output → its node
        self.layers: dict[str, _Layer] = {}
        self._mask: str | None = None

    def fold(self) -> None:
        if not self.body.bounds or self.body.countdowns or self.body.late:
            raise _NotFoldedError
        arrays = [s for s in self.body.states if self.body.written(s) is not None]
        carried = [
            s
            for s in self.body.states
            if s not in arrays
            and s.old not in self.body.counters
            and s.old not in {*self.body.known, self.body.finished}
        ]
        carried = [s for s in carried if self._matters(s)]
        parts = [part for state in carried for part in self._parts(state)]
        by_span = {part.span: part for part in parts}
        covered: set[_Span] = set()
        for part in parts:
            layer = self._layer(part, by_span)
            if layer is not None:
                self.layers[part.new] = layer
                covered |= {part.span} | ({layer.memory.span} if layer.memory else set())
        for part in parts:  # Keras carries the output of the step before along, for masks
            if part.new in self.layers and is_zero(self.outside, part.state.initial):
                covered.add(part.span)
        if covered != by_span.keys():
            raise _NotFoldedError
        replaced = {}
        for state in arrays:
            for tensor in self.body.stacked(self.outside, state):
                value = self.body.written(state)
                assert value is not None
                replaced[tensor] = self.draft.swapped(self.sequence(value))
        for state in carried:
            if state.exit is not None:
                replaced[state.exit] = self._last([p for p in parts if p.state is state])
        self.draft.replaced |= replaced

    def _matters(self, state: State) -> bool:
        """Whether a state is carried along for its own sake, and not a constant or a gradient's."""
        return bool(self.step.shape(state.old)) and self.step.resolve(state.new) != state.old

    # What the step reads, writes and carries.

    def _parts(self, state: State) -> Iterator[_Part]:
        core = self._core(state.new)
        left = 0
        pieces = concatenated(self.step, core)
        for piece in pieces:
            piece = self._core(piece)
            width = width_of(self.step, piece)
            if width is None:
                if len(pieces) > 1:
                    raise _NotFoldedError
                width = width_of(self.step, state.old) or 0
            yield _Part(state, (state.old, left, left + width), piece)
            left += width

    def _core(self, tensor: str) -> str:
        """A tensor without the choice that holds it still where there is no step."""
        tensor = self.step.resolve(tensor)
        node = self.step.node(tensor)
        while tensor not in self.step.inputs and node.op in ("Select", "SelectV2", "Dropout"):
            if node.op == "Dropout":
                new = node.inputs[0]
            else:
                new, steps = self._choice(node)
                if self.steps not in (None, steps):
                    raise _NotFoldedError
                self.steps = steps
            tensor = self.step.resolve(new)
            node = self.step.node(tensor)
        return tensor

    def _choice(self, node: Node) -> tuple[str, tuple[str, str]]:
        """What a Select takes where there is a step, and what says where there is one.

        That is lengths, in ``time >= lengths``, or a mask, of which this is the current step.
        """
        condition, first, second = node.inputs
        if self.body.until and self.step.resolve(condition) == self.body.finished:
            return second, ("lengths", self.body.until)
        asked = self.step.node(condition)
        if asked.op == "GreaterEqual" and self.step.resolve(asked.inputs[0]) in self.body.counters:
            return second, ("lengths", self.step.resolve(asked.inputs[1]))
        while asked.op in ("Tile", "ExpandDims", "Reshape"):
            condition = asked.inputs[0]
            asked = self.step.node(condition)
        read = self.body.read(condition)
        if read is None or read.axis:
            raise _NotFoldedError
        return first, ("mask", read.sequence)

    def _span(self, tensor: str) -> _Span | None:
        """Which columns of which old state a tensor is."""
        olds = {state.old for state in self.body.states}
        tensor, start, width = self.step.resolve(tensor), 0, None
        while tensor not in olds:
            node = self.step.node(tensor)
            if node.op == "Dropout":
                tensor = self.step.resolve(node.inputs[0])
                continue
            if tensor in self.step.inputs:
                return None
            span = columns_of(self.step, node, int(tensor.rpartition(":")[2]))
            if span is None:
                return None
            tensor = self.step.resolve(span[0])
            width = span[2] - span[1] if width is None else width
            start += span[1]
        if width is None:
            width = width_of(self.step, tensor)
        return None if width is None else (tensor, start, start + width)

    def _layer(self, part: _Part, by_span: dict[_Span, _Part]) -> _Layer | None:
        step = match_step(self.step, part.new)
        if step is None:
            return None
        leaves = [leaf for leaf in step.leaves if self._span(leaf) == part.span]
        if len(leaves) != 1:
            return None
        cell = step.cell(leaves[0])
        memory = None
        if step.memory is not None:
            memory = by_span.get(self._span(step.memory) or ("", 0, 0))
            if memory is None or memory.new != step.memory_output:
                return None
        return None if cell is None else _Layer(step, cell, leaves[0], part, memory)

    # What all steps together are.

    def sequence(self, tensor: str) -> str:
        """All values that a tensor of the step takes, as one tensor (batch, time, …)."""
        tensor = self.step.resolve(tensor)
        if tensor not in self.sequences:
            self.sequences[tensor] = self._sequence(tensor)
        return self.sequences[tensor]

    def _sequence(self, tensor: str) -> str:
        if tensor in self.layers:
            return f"{self.node(tensor)}:0"
        read = self.body.read(tensor)
        if read is not None:
            return self._whole(read)
        node = self.step.node(tensor)
        if node.op in ("Select", "SelectV2"):
            return self._chosen(tensor, node)
        if node.op not in LIFTED:
            raise _NotFoldedError
        made = lift(self.draft, self.step, node, self._operand)
        if made is None:
            raise _NotFoldedError
        return made

    def _whole(self, read: Read) -> str:
        """A sequence, batch first, all of which the loop reads."""
        shape = self.draft.shape(read.sequence)
        steps = shape[read.axis] if shape is not None else None
        if self.body.length is not None and steps not in (None, self.body.length):
            raise _NotFoldedError
        if not self.layers and (shape is None or len(shape) < 3):  # tf.map_fn over rows
            raise _NotFoldedError
        sequence = read.sequence if read.axis else self.draft.swapped(read.sequence)
        until = self.body.until
        return sequence if until is None else self.draft.up_to_longest(sequence, until)

    def _operand(self, tensor: str) -> tuple[str, bool]:
        """A tensor outside, and whether it has a step's values one after the other."""
        if self.step.recipe(tensor) is not None:
            return self.step.resolve(tensor), False
        return self.sequence(tensor), True

    def node(self, output: str) -> str:
        """The name of the node that stands for a cell."""
        if output in self.folded:
            return self.folded[output]
        layer = self.layers[output]
        inputs = [self.sequence(leaf) for leaf in layer.step.inputs(layer.hidden_leaf)]
        sequence = join(self.draft, self.body.name, inputs)
        own = [part for part in (layer.hidden, layer.memory) if part]
        zeros = all(is_zero(self.outside, part.state.initial) for part in own)
        starts = [] if zeros else [self._initial(part) for part in own]
        mask = self._masked(sequence)
        made = self.draft.recurrent(
            f"{self.body.name}/{snake(layer.cell.kind)}", layer.cell, sequence, starts, mask,
            holds=self.steps is not None and self.steps[0] == "mask",
        )  # fmt: skip
        self.folded[output] = made.rpartition(":")[0]
        return self.folded[output]

    def _chosen(self, tensor: str, node: Node) -> str:
        """What is written where there is no step: zeros, or what was written before."""
        core = self._core(tensor)
        sequence = self.sequence(core)
        if self.steps and self.steps[0] == "mask":
            return sequence  # as Keras itself does it
        if not is_zero(self.step, node.inputs[1]):
            raise _NotFoldedError
        if core in self.layers:
            return sequence
        name, shape = self.body.name, self.draft.shape(sequence)
        mask = self._masked(sequence)
        assert mask is not None
        axis = self.draft.constant(f"{name}/axis", -1)
        mask_shape = self.draft.shape(mask) or (None, None)
        wide = self.draft.add(
            f"{name}/mask", "ExpandDims", (mask, axis), [(*mask_shape, 1)], "bool"
        )
        dtype = self.draft.dtype(sequence)
        zero = self.draft.add(
            f"{name}/zero", "Const", (), [()], dtype, {"value": np.zeros((), dtype)}
        )
        return self.draft.add(f"{name}/outputs", "SelectV2", (wide, sequence, zero), [shape], dtype)

    def _masked(self, sequence: str) -> str | None:
        if self.steps is None:
            return None
        kind, tensor = self.steps
        if self._mask is None and kind == "mask":
            self._mask = self._given_mask(self.draft.swapped(tensor))
        if self._mask is None:
            shape: Shape = (self.draft.shape(sequence) or (None, None))[:2]
            self._mask = self.draft.add(
                f"{self.body.name}/mask", "SequenceMask", (sequence, tensor), [shape], "bool"
            )
        return self._mask

    def _given_mask(self, tensor: str) -> str:
        """A mask (batch, time, 1) without its last axis."""
        node = self.draft.node(tensor)
        if node.op == "ExpandDims" and self.outside.scalar(node.inputs[1]) in (-1, 2):
            return node.inputs[0]
        shape = self.draft.shape(tensor)
        if shape is not None and len(shape) == 2:
            return tensor
        squeezed = None if shape is None else shape[:2]
        name = f"{self.body.name}/mask"
        return self.draft.add(name, "Squeeze", (tensor,), [squeezed], "bool", {"squeeze_dims": [2]})

    def _initial(self, part: _Part) -> str:
        _, start, stop = part.span
        whole = width_of(self.step, part.state.old)
        if (start, stop) == (0, whole) or whole is None:
            return part.state.initial
        name = part.state.initial.rpartition(":")[0]
        begin = self.draft.constant(f"{name}/begin", [0, start])
        size = self.draft.constant(f"{name}/size", [-1, stop - start])
        shape: Shape = (None, stop - start)
        dtype = self.outside.dtype(part.state.initial)
        return self.draft.add(
            f"{name}/part", "Slice", (part.state.initial, begin, size), [shape], dtype
        )

    def _last(self, parts: list[_Part]) -> str:
        """What the state of these parts holds after the last step."""
        made = []
        for part in parts:
            for output, layer in self.layers.items():
                if output == part.new:
                    made.append(f"{self.node(output)}:1")
                elif layer.memory is part:
                    made.append(f"{self.node(output)}:2")
        return join(self.draft, self.body.name, made)


def join(draft: Draft, scope: str, tensors: list[str]) -> str:
    """Tensors joined along their last axis; one alone as it is."""
    if len(tensors) == 1:
        return tensors[0]
    shapes = [draft.shape(tensor) for tensor in tensors]
    axis = draft.constant(f"{scope}/axis", len(shapes[0] or ()) - 1)
    shape: Shape = None
    known = [s for s in shapes if s is not None]
    if len(known) == len(shapes):
        widths = [s[-1] for s in known]
        total = None if None in widths else sum(w or 0 for w in widths)
        shape = (*known[0][:-1], total)
    dtype = draft.dtype(tensors[0])
    return draft.add(
        f"{scope}/concat", "ConcatV2", (*tensors, axis), [shape], dtype, {"N": len(tensors)}
    )
