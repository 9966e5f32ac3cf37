"""Cells that are one operation, of one step or all, written out in what they stand for.

The kernels: tensorflow/contrib/rnn/kernels (1.15: tensorflow/core/kernels/rnn) lstm_ops and
gru_ops, where the gates of an LSTM lie in the order i, c, f, o.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...graph.nodes import Node
from ...plan import Shape
from ..view import View
from .draft import Draft, is_zero
from .network import RECURRENCE, StepNetwork, placeholder

_LSTM, _GRU = "LSTMBlockCell", ("GRUBlockCell", "GRUBlockCellV2")


def written_out(nodes: Mapping[str, Node]) -> tuple[dict[str, Node], dict[str, str]]:
    """The nodes without such cells; tensor that a cell made → the tensor that stands for it."""
    made: dict[str, Node] = {}
    replaced: dict[str, str] = {}
    for name, node in nodes.items():
        if node.op == _LSTM:
            writer = _Writer(node, made)
            memory, hidden = writer.lstm(node.inputs, node.attrs)
            replaced |= {f"{name}:1": memory, f"{name}:6": hidden}
        elif node.op in _GRU:
            replaced[f"{name}:3"] = _Writer(node, made).gru(node.inputs)
        else:
            made[name] = node
    for name, node in made.items():
        if any(source in replaced for source in node.inputs):
            inputs = tuple(replaced.get(source, source) for source in node.inputs)
            made[name] = replace(node, inputs=inputs)
    return made, replaced


def fold_block_lstm(draft: Draft) -> None:
    """LSTMBlockFusedCell as it is not in Keras: one operation over time, whose step is a cell's."""
    view = draft.view
    for node in view.graph.of("BlockLSTM", "BlockLSTMV2"):
        _, x, memory, hidden, *weights = node.inputs
        bias = view.recipe(weights[-1])
        if bias is None:
            continue
        units, second = bias.shape[0] // 4, node.op == "BlockLSTMV2"
        defaults = {"forget_bias": 1.0, "cell_clip": 3.0, "second_version": second}
        if second:  # has its gates in Keras's order, and the bias of f in the bias
            defaults |= {"forget_bias": 0.0, "cell_clip": 0.0}
        cell = replace(
            node, name=f"{node.name}/cell", op="LSTMBlockCell",
            inputs=("x_t:0", "c:0", "h:0", *weights),
            attrs={**defaults, **node.attrs, "_output_shapes": [(None, units)] * 7},
        )  # fmt: skip
        shape = view.shape(x) or (None, None, None)
        sizes = {"x_t": (shape[1], shape[2]), "c": (None, units), "h": (None, units)}
        nodes = {name: placeholder(name, view.dtype(x), size) for name, size in sizes.items()}
        nodes |= {**view.graph.ancestors(weights), cell.name: cell}
        nodes, made = written_out(nodes)
        taken = [place for place in (1, 6) if view.uses(f"{node.name}:{place}")]
        news = [made[f"{cell.name}:{place}"] for place in (1, 6)]
        outputs = [*(news[place == 6] for place in taken), *news]
        variables = {n: r for n, r in view.variables.items() if n in nodes}
        step = View(replace(view.graph, nodes=nodes), ["x_t:0", "c:0", "h:0"], outputs, variables)
        zeros = is_zero(view, memory) and is_zero(view, hidden)
        network = StepNetwork(
            step,
            node.name,
            1,
            2,
            0,
            len(taken),
            False,
            not zeros,
            numbered=False,
            time_major=False,
            length=None,
        )
        sequence = draft.swapped(view.resolve(x))
        inputs = [sequence, *([] if zeros else [memory, hidden])]
        over = [(shape[1], shape[0], units)] * len(taken) + [(shape[1], units)] * 2
        new = draft.add(
            f"{node.name}/recurrence", RECURRENCE, inputs, over, "float32", {"network": network}
        )
        for at, place in enumerate(taken):
            whole = draft.swapped(f"{new.rpartition(':')[0]}:{at}")
            draft.replaced[f"{node.name}:{place}"] = whole


class _Writer:
    """Adds nodes below a cell's name; all are of shape (batch, units) or several of that joined."""

    def __init__(self, cell: Node, nodes: dict[str, Node]):
        self.cell, self.nodes = cell, nodes
        self.dtype = str(cell.attrs.get("T", "float32"))
        shapes = cell.attrs.get("_output_shapes") or [None]
        self.units = shapes[0][-1] if shapes[0] else None

    def lstm(self, inputs: tuple[str, ...], attrs: Mapping[str, Any]) -> tuple[str, str]:
        """The new memory and the new hidden state."""
        x, memory, hidden, kernel, to_i, to_f, to_o, bias = inputs
        peeps = attrs.get("use_peephole", False)
        clip = attrs.get("cell_clip", 3.0)
        joined = self.concat(x, hidden)
        gates = self.add("gates", "BiasAdd", (self.add("product", "MatMul", (joined, kernel), 4),
                                              bias), 4)  # fmt: skip
        i, c, f, o = self.split(gates, 4)
        if attrs.get("second_version"):
            c, f = f, c
        f = self.add("forget_bias", "AddV2", (f, self.constant(attrs.get("forget_bias", 1.0))))
        if peeps:
            i, f = self.peep("i", i, memory, to_i), self.peep("f", f, memory, to_f)
        kept = self.add("kept", "Mul", (self.add("f", "Sigmoid", (f,)), memory))
        new = self.add("c", "Tanh", (c,))
        new = self.add("new", "Mul", (self.add("i", "Sigmoid", (i,)), new))
        memory = self.add("memory", "AddV2", (new, kept))
        if clip > 0:
            bounds = self.constant(-clip), self.constant(clip)
            memory = self.add("clipped", "ClipByValue", (memory, *bounds))
        if peeps:
            o = self.peep("o", o, memory, to_o)
        shown = self.add("shown", "Tanh", (memory,))
        hidden = self.add("hidden", "Mul", (self.add("o", "Sigmoid", (o,)), shown))
        return memory, hidden

    def gru(self, inputs: tuple[str, ...]) -> str:
        """The new hidden state."""
        x, hidden, kernel, candidate_kernel, bias, candidate_bias = inputs
        product = self.add("product", "MatMul", (self.concat(x, hidden), kernel), 2)
        gates = self.add("gates", "Sigmoid", (self.add("biased", "BiasAdd", (product, bias), 2),),
                         2)  # fmt: skip
        reset, update = self.split(gates, 2)
        joined = self.concat(x, self.add("reset", "Mul", (reset, hidden)))
        product = self.add("candidate/product", "MatMul", (joined, candidate_kernel))
        biased = self.add("candidate/biased", "BiasAdd", (product, candidate_bias))
        rest = self.add("rest", "Sub", (self.constant(1.0), update))
        new = self.add("new", "Mul", (rest, self.add("candidate", "Tanh", (biased,))))
        kept = self.add("kept", "Mul", (update, hidden))
        return self.add("hidden", "AddV2", (kept, new))

    def peep(self, gate: str, before: str, memory: str, weight: str) -> str:
        """A gate that sees the memory."""
        seen = self.add(f"peep_{gate}", "Mul", (memory, weight))
        return self.add(f"peeped_{gate}", "AddV2", (before, seen))

    def concat(self, *tensors: str) -> str:
        """Joined along the last axis."""
        axis = self.constant(1, "int32")
        return self.add("concat", "ConcatV2", (*tensors, axis), None, {"N": len(tensors)})

    def split(self, tensor: str, count: int) -> list[str]:
        """Parts along the last axis."""
        shape: Shape = (None, self.units)
        attrs = {"num_split": count, "_output_shapes": [shape] * count}
        first = self.add("split", "Split", (self.constant(1, "int32"), tensor), 1, attrs)
        return [f"{first[:-1]}{index}" for index in range(count)]

    def constant(self, value: float, dtype: str = "") -> str:
        """A scalar."""
        array = np.asarray(value, dtype or self.dtype)
        attrs = {"value": array, "dtype": array.dtype.name, "_output_shapes": [()]}
        return self.add("constant", "Const", (), None, attrs)

    def add(
        self,
        name: str,
        op: str,
        inputs: tuple[str, ...],
        times: int | None = 1,
        attrs: Mapping[str, Any] | None = None,
    ) -> str:
        """A node of ``times`` the units; gives its first output."""
        wish, number = f"{self.cell.name}/{name}", 0
        unique = wish
        while unique in self.nodes:
            number += 1
            unique = f"{wish}_{number}"
        width = None if times is None or self.units is None else times * self.units
        given = {"T": self.dtype, "_output_shapes": [(None, width)], **(attrs or {})}
        self.nodes[unique] = Node(unique, op, inputs, attrs=given)
        return f"{unique}:0"
