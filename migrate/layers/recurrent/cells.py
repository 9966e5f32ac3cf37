"""One step of a recurrent cell, recognized by its arithmetic and not by its names.

The forms (tensorflow/python/ops/rnn_cell_impl.py and contrib/rnn of 1.15, and the Keras of 1.15):

====================  ===========================================================================
SimpleRNN             ``h' = act(x W + h U + b)``
LSTM                  ``c' = f * c + i * act(j)``, ``h' = o * act(c')``
GRU                   ``h' = u * h + (1 - u) * act(x W + (r * h) U + b)``
GRU, reset after      ``h' = u * h + (1 - u) * act(x W + b + r * (h U + d))``
====================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...graph.nodes import Node
from ..view import View
from .affine import ADDITIONS, Affine, Block, affine, columns_of, weight

_ACTIVATIONS = {
    "Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu", "Relu6": "relu6", "Elu": "elu",
    "Selu": "selu", "Softplus": "softplus", "Softsign": "softsign",
}  # fmt: skip
GATES = {"LSTM": ("i", "f", "c", "o"), "GRU": ("u", "r", "c"), "SimpleRNN": ("c",)}
"""The gates of each layer in the order in which Keras stores them."""


@dataclass(frozen=True)
class Cell:
    """The weights and activations of a cell: what stays the same from step to step.

    Attributes:
        kind: the Keras layer.
        kernels: for each gate the blocks for the inputs, top to bottom.
        recurrent: for each gate the block for the state.
        biases: for each gate the blocks that are added; ``offsets`` a constant.
        inner_biases: of a GRU that resets after the product: added to ``h U``, else empty.
    """

    kind: str
    units: int
    activation: str
    recurrent_activation: str
    kernels: tuple[tuple[Block, ...], ...]
    recurrent: tuple[Block, ...]
    biases: tuple[tuple[Block, ...], ...]
    offsets: tuple[tuple[float, ...], ...]
    reset_after: bool = False
    inner_biases: tuple[tuple[Block, ...], ...] = ()

    @property
    def form(self) -> tuple[object, ...]:
        """Equal for cells that compute alike, each with its own weights."""
        has_bias = any(self.biases) or any(map(any, self.offsets)) or any(self.inner_biases)
        return (
            self.kind, self.units, self.activation, self.recurrent_activation, self.reset_after,
            has_bias,
        )  # fmt: skip

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for cells that compute the same from the same variables."""
        return (
            self.form,
            *(block.key for blocks in self.kernels for block in blocks),
            *(block.key for block in self.recurrent),
            *(block.key for blocks in (*self.biases, *self.inner_biases) for block in blocks),
            self.offsets,
        )


@dataclass(frozen=True)
class Step:
    """A cell at work once.

    Attributes:
        gates: one for each gate, over inputs and state.
        output: the new state ``h'``.
        memory_output: the new ``c'`` of an LSTM.
        hidden: the state ``h`` where the arithmetic tells it from the inputs.
        memory: the old ``c`` of an LSTM.
        reset_after: the inner product ``h U + d`` of a GRU that resets after it.
        candidate: the tensor ``r * h`` of a GRU that resets before the product.
    """

    kind: str
    gates: tuple[Affine, ...]
    activation: str
    recurrent_activation: str
    output: str
    memory_output: str | None = None
    hidden: str | None = None
    memory: str | None = None
    reset_after: Affine | None = None
    candidate: str | None = None

    @property
    def leaves(self) -> tuple[str, ...]:
        """What the gates multiply, in order: inputs and state."""
        return self.gates[0].leaves

    def inputs(self, hidden: str) -> tuple[str, ...]:
        """The leaves that are inputs, given which one is the state."""
        return tuple(leaf for leaf in self.leaves if leaf != hidden)

    def recurrent_block(self, leaf: str) -> Block | None:
        """The kernel of a leaf in the first gate."""
        return self.gates[0].kernel(leaf)

    def cell(self, hidden: str) -> Cell | None:
        """The cell, given which leaf is the state; None where the gates do not agree."""
        inputs = self.inputs(hidden)
        units = self.gates[0].width
        kernels, recurrent = [], []
        for name, gate in zip(GATES[self.kind], self.gates, strict=True):
            state = hidden
            if self.kind == "GRU" and name == "c":
                state = hidden if self.reset_after else self.candidate or ""
            inner = self.reset_after if self.reset_after and name == "c" else gate
            own = inner.kernel(state)
            blocks = [gate.kernel(leaf) for leaf in inputs]
            expected = len(inputs) + (0 if inner is not gate else 1)
            if own is None or None in blocks or len(gate.terms) != expected:
                return None
            if gate.width != units or own.rows[1] - own.rows[0] != units:
                return None
            kernels.append(tuple(block for block in blocks if block is not None))
            recurrent.append(own)
        inner_biases: tuple[tuple[Block, ...], ...] = ()
        if self.reset_after:
            if np.any(self.reset_after.offset != 0) or len(self.reset_after.terms) != 1:
                return None
            inner_biases = ((), (), self.reset_after.biases)
        return Cell(
            self.kind,
            units,
            self.activation,
            self.recurrent_activation,
            tuple(kernels),
            tuple(recurrent),
            tuple(gate.biases for gate in self.gates),
            tuple(tuple(np.ravel(gate.offset).tolist()) for gate in self.gates),
            self.reset_after is not None,
            inner_biases,
        )


def match_step(view: View, tensor: str) -> Step | None:
    """The step whose new state ``h'`` a tensor is, or None."""
    tensor = view.resolve(tensor)
    if tensor in view.inputs or tensor in view.variables:
        return None
    node = view.graph.node(tensor)
    match: Callable[[View, str, Node], Step | None] | None = _MATCHERS.get(node.op)
    return match(view, tensor, node) if match else None


def activation_of(view: View, tensor: str) -> tuple[str, str] | None:
    """The name of an activation and the tensor it is applied to."""
    tensor = view.resolve(tensor)
    node = view.graph.node(tensor)
    if tensor in view.inputs:
        return None
    if node.op in _ACTIVATIONS:
        return _ACTIVATIONS[node.op], node.inputs[0]
    inner = _hard_sigmoid(view, node)
    return ("hard_sigmoid", inner) if inner else None


def _hard_sigmoid(view: View, node: Node) -> str | None:
    """``clip(0.2 x + 0.5, 0, 1)``, the hard sigmoid of Keras up to 2."""
    if node.op == "ClipByValue":
        if (view.scalar(node.inputs[1]), view.scalar(node.inputs[2])) != (0.0, 1.0):
            return None
        inner = node.inputs[0]
    else:
        clipped = _with_scalar(view, node, ("Maximum",), 0.0)
        below = view.node(clipped) if clipped else None
        inner = (_with_scalar(view, below, ("Minimum",), 1.0) if below else None) or ""
        if below and not inner:
            return None
    if not inner:
        return None
    scaled = _with_scalar(view, view.node(inner), ADDITIONS, 0.5)
    return _with_scalar(view, view.node(scaled), ("Mul",), 0.2) if scaled else None


def _with_scalar(view: View, node: Node, ops: Sequence[str], number: float) -> str | None:
    """The other operand of an operation with a number."""
    if node.op not in ops:
        return None
    for one, other in (node.inputs, node.inputs[::-1]):
        if view.scalar(other) == number:
            return one
    return None


def _gate(view: View, tensor: str) -> tuple[str, Affine] | None:
    """An activation of an affine form of two or more leaves, or one."""
    found = activation_of(view, tensor)
    if found is None:
        return _split_gate(view, tensor)
    form = affine(view, found[1])
    return (found[0], form) if form is not None and form.terms else None


def _split_gate(view: View, tensor: str) -> tuple[str, Affine] | None:
    """A range of columns of gates that were activated together, as in GRUCell."""
    tensor = view.resolve(tensor)
    if tensor in view.inputs:
        return None
    span = columns_of(view, view.graph.node(tensor), int(tensor.rpartition(":")[2]))
    if span is None:
        return None
    whole = activation_of(view, span[0])
    form = affine(view, whole[1]) if whole else None
    if whole is None or form is None or not form.terms:
        return None
    return whole[0], form.columns(*span[1:])


def _orders(view: View, tensor: str, ops: Sequence[str]) -> list[tuple[str, str]]:
    """Both orders of an operation's two operands; nothing for other operations."""
    tensor = view.resolve(tensor)
    node = view.graph.node(tensor)
    if tensor in view.inputs or node.op not in ops:
        return []
    first, second = (view.resolve(source) for source in node.inputs[:2])
    return [(first, second), (second, first)]


def _lstm(view: View, tensor: str, node: Node) -> Step | None:
    for gate, squashed in _orders(view, tensor, ("Mul",)):
        outer = activation_of(view, squashed)
        if outer is None:
            continue
        memory_output = view.resolve(outer[1])
        for kept, added in _orders(view, memory_output, ADDITIONS):
            update = _memory(view, kept, added, outer[0])
            output = _gate(view, gate) if update else None
            if update is None or output is None or output[0] != update[0]:
                continue
            recurrent, memory, (forget, i, j) = update
            gates = (i, forget, j, output[1])
            return Step("LSTM", gates, outer[0], recurrent, tensor, memory_output, None, memory)
    return None


def _memory(
    view: View, kept: str, added: str, activation: str
) -> tuple[str, str, tuple[Affine, Affine, Affine]] | None:
    """From ``f * c`` and ``i * act(j)``: the gates' activation, ``c``, and the gates f, i, j."""
    for memory, forget_tensor in _orders(view, kept, ("Mul",)):
        forget = _gate(view, forget_tensor)
        if forget is None:
            continue
        for i_tensor, j_tensor in _orders(view, added, ("Mul",)):
            i, j = _gate(view, i_tensor), _gate(view, j_tensor)
            if i and j and i[0] == forget[0] and j[0] == activation:
                return forget[0], memory, (forget[1], i[1], j[1])
    return None


def _gru(view: View, tensor: str, node: Node) -> Step | None:
    for kept, taken in _orders(view, tensor, ADDITIONS):
        for update_tensor, hidden in _orders(view, kept, ("Mul",)):
            update = _gate(view, update_tensor)
            if update is None:
                continue
            for rest, candidate in _orders(view, taken, ("Mul",)):
                if not _is_one_minus(view, rest, update_tensor):
                    continue
                found = _candidate(view, candidate, hidden, update[0])
                if found is not None:
                    activation, reset, inner, after, product = found
                    return Step(
                        "GRU", (update[1], reset, inner), activation, update[0], tensor,
                        hidden=hidden, reset_after=after, candidate=product,
                    )  # fmt: skip
    return None


def _is_one_minus(view: View, tensor: str, of: str) -> bool:
    node = view.node(tensor)
    return (
        node.op == "Sub" and view.scalar(node.inputs[0]) == 1.0 and view.resolve(node.inputs[1])
        == view.resolve(of)
    )  # fmt: skip


def _candidate(
    view: View, tensor: str, hidden: str, recurrent: str
) -> tuple[str, Affine, Affine, Affine | None, str | None] | None:
    """A GRU's candidate: activation, reset gate, affine form; and which way it resets."""
    found = activation_of(view, tensor)
    if found is None:
        return None
    form = affine(view, found[1])
    if form is not None:
        for leaf in form.leaves:
            for r_tensor, h_tensor in _orders(view, leaf, ("Mul",)):
                reset = _gate(view, r_tensor) if h_tensor == hidden else None
                if reset is not None and reset[0] == recurrent:
                    return found[0], reset[1], form, None, leaf
        return None
    for outside, product in _orders(view, found[1], ADDITIONS):
        for r_tensor, inside in _orders(view, product, ("Mul",)):
            reset, inner = _gate(view, r_tensor), affine(view, inside)
            if reset is None or inner is None or inner.leaves != (hidden,):
                continue
            outer = affine(view, outside)
            if outer is not None and reset[0] == recurrent:
                return found[0], reset[1], outer, inner, None
    return None


def _simple(view: View, tensor: str, node: Node) -> Step | None:
    found = _gate(view, tensor)
    if found is None or len(found[1].terms) < 2:
        return None
    return Step("SimpleRNN", (found[1],), found[0], found[0], tensor)


def _block_lstm(view: View, tensor: str, node: Node) -> Step | None:
    """LSTMBlockCell (tensorflow/core/ops/rnn_ops.cc): its gates lie in the order i, c, f, o."""
    if not tensor.endswith(":6") or node.attrs.get("use_peephole"):
        return None
    if node.attrs.get("cell_clip", 3.0) > 0:
        return None
    x, memory, hidden, kernel, _, _, _, bias = (view.resolve(source) for source in node.inputs)
    gates = block_gates(view, kernel, bias, x, hidden, node.attrs.get("forget_bias", 1.0))
    if gates is None:
        return None
    return Step(
        "LSTM", gates, "tanh", "sigmoid", tensor, f"{node.name}:1", hidden, memory
    )  # fmt: skip


def block_gates(
    view: View, kernel: str, bias: str, x: str, hidden: str, forget_bias: float
) -> tuple[Affine, ...] | None:
    """The gates i, f, c, o of the block cells, whose kernel is (inputs + units, 4 units)."""
    matrix, vector = weight(view, kernel), weight(view, bias)
    if matrix is None or vector is None:
        return None
    units = matrix.width // 4
    height = matrix.rows[1] - units
    forms = []
    for at in (0, 2, 1, 3):
        columns = (at * units, (at + 1) * units)
        terms = (
            (x, matrix.part(rows=(0, height), columns=columns)),
            (hidden, matrix.part(rows=(height, height + units), columns=columns)),
        )
        offset = np.float32(forget_bias if at == 2 else 0)
        forms.append(Affine(terms, (vector.part(columns=columns),), offset, units))
    return tuple(forms)


def _block_gru(view: View, tensor: str, node: Node) -> Step | None:
    """GRUBlockCell: inputs x, h, w_ru, w_c, b_ru, b_c (tensorflow/core/ops/rnn_ops.cc)."""
    if not tensor.endswith(":3"):
        return None
    x, hidden, *rest = (view.resolve(source) for source in node.inputs)
    w_ru, w_c, b_ru, b_c = (weight(view, source) for source in rest)
    if w_ru is None or w_c is None or b_ru is None or b_c is None:
        return None
    units = w_c.width
    height = w_c.rows[1] - units
    product = f"{node.name}:r*h"

    def gate(matrix: Block, vector: Block, at: int, state: str) -> Affine:
        columns = (at * units, (at + 1) * units)
        terms = (
            (x, matrix.part(rows=(0, height), columns=columns)),
            (state, matrix.part(rows=(height, height + units), columns=columns)),
        )
        return Affine(terms, (vector.part(columns=columns),), np.float32(0), units)

    reset, update = gate(w_ru, b_ru, 0, hidden), gate(w_ru, b_ru, 1, hidden)
    inner = gate(w_c, b_c, 0, product)
    step = Step("GRU", (update, reset, inner), "tanh", "sigmoid", tensor, hidden=hidden)
    return replace(step, candidate=product)


_MATCHERS: dict[str, Callable[[View, str, Node], Step | None]] = {
    "Mul": _lstm,
    "Add": _gru,
    "AddV2": _gru,
    "LSTMBlockCell": _block_lstm,
    "GRUBlockCell": _block_gru,
    "GRUBlockCellV2": _block_gru,
    **dict.fromkeys(_ACTIVATIONS, _simple),
}
