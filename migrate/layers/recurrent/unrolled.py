"""Cells that a Python loop wrote once a step (``static_rnn``) → one node a chain of steps."""

from __future__ import annotations

from dataclasses import dataclass

from ...graph.loops import find_loops
from ...graph.nodes import Node
from ...plan import Shape
from ...plan.names import snake
from ..view import View
from .affine import Block, strided_key
from .assembling import Steps
from .cells import Cell, Step, block_gates, match_step
from .conds import lengths_of
from .draft import Draft, common_scope, is_zero
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


@dataclass(frozen=True)
class _Held:
    """``where(step >= lengths, old, new)``."""

    lengths: str
    old: str
    new: str


def _held(view: View) -> dict[str, _Held]:
    found = {}
    for node in view.graph.of("Select", "SelectV2"):
        lengths = lengths_of(view, node.inputs[0])
        if lengths is not None:
            old, new = (view.resolve(source) for source in node.inputs[1:])
            found[f"{node.name}:0"] = _Held(lengths[0], old, new)
    return found


class _Unrolled:
    def __init__(self, draft: Draft):
        self.draft, self.view = draft, draft.view
        self.steps = Steps(draft)
        self.held = _held(draft.view)
        self._masks: dict[str, str] = {}

    def fold(self) -> None:
        for node in self.view.graph.of("BlockLSTM"):
            self._block(node)
        for chain in self._chains():
            self._fold(chain)
        if self.steps.places:
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
            output = self._core(leaf)
            chain = ends.get(output)
            if chain is None:
                continue
            last = chain.steps[-1]
            cell = step.cell(leaf)
            if cell is None or last.output != output or last.kind != step.kind:
                continue
            if step.memory is not None and self._core(step.memory) != last.memory_output:
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

    def _core(self, tensor: str) -> str:
        """A state without the choice that holds it still past the end of a sequence."""
        held = self.held.get(tensor)
        return held.new if held else tensor

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
        inputs = [self.steps.sequence(list(leaves)) for leaves in columns]
        if not inputs:
            return
        name = common_scope(step.output for step in steps)
        first = steps[0]
        starts = [chain.hidden[0]] + ([first.memory] if first.memory else [])
        if all(is_zero(self.view, start) for start in starts):
            starts = []
        sequence = join(self.draft, name or "inputs", inputs)
        wish = f"{name}/{snake(cell.kind)}".lstrip("/")
        held = {t: h for t, h in self.held.items() if h.new in {s.output for s in steps}}
        lengths = {h.lengths for h in held.values()}
        mask = self._mask(name, sequence, lengths.pop()) if len(lengths) == 1 else None
        made = self.draft.recurrent(wish, cell, sequence, starts, mask)
        last = steps[-1]
        for at, step in enumerate(steps):
            self._place(step.output, made, at)
        for tensor, choice in held.items():
            if is_zero(self.view, choice.old):
                self._place(tensor, made, self.steps.places[choice.new][1])
        node = made.rpartition(":")[0]
        finals = {last.output: f"{node}:1"}
        if last.memory_output:
            finals[last.memory_output] = f"{node}:2"
        for tensor, final in finals.items():
            if mask is None:
                self.draft.replaced[tensor] = final
            for state, choice in self.held.items():
                is_output = state in held and is_zero(self.view, choice.old)
                if choice.new == tensor and not is_output:
                    self.draft.replaced[state] = final

    def _mask(self, name: str, sequence: str, lengths: str) -> str:
        if lengths not in self._masks:
            shape: Shape = (self.draft.shape(sequence) or (None, None))[:2]
            self._masks[lengths] = self.draft.add(
                f"{name}/mask".lstrip("/"), "SequenceMask", (sequence, lengths), [shape], "bool"
            )
        return self._masks[lengths]

    def _place(self, tensor: str, sequence: str, at: int) -> None:
        """Notes that a tensor is one step of a sequence, and lets it be cut from there."""
        self.steps.places[tensor] = (sequence, at)
        self.draft.replaced[tensor] = self._at(sequence, at, tensor)

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
            sequence = self.steps.assembled(list(parts))
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
            if tensor in self.steps.places:
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
