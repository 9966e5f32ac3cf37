"""Recurrent layers, their directions and masks, as Keras has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...plan import Code, Layer, Recipe, Value, concatenate, constant
from ...plan.names import snake
from ..builder import Builder
from ..registry import Match, operation
from ..view import View
from .affine import Block, joined
from .cells import GATES, Cell
from .draft import common_scope


@operation("Recurrent", keras="SimpleRNN, LSTM, GRU")
def recurrent(view: View, tensor: str) -> Match | None:
    """A cell over a sequence: dynamic_rnn, static_rnn, fused, by hand; any number of steps."""
    node = view.graph.node(tensor)
    cell: Cell = node.attrs["cell"]
    outputs = [f"{node.name}:{index}" for index in range(3)]
    needs = [view.uses(output) > 0 for output in outputs]
    states = [view.recipe(source) for source in node.inputs]
    taken = [s for s, recipe in zip(node.inputs, states, strict=True) if recipe is None]

    def build(builder: Builder, *values: Value) -> list[Value]:
        waiting = list(values)
        given = [
            waiting.pop(0) if recipe is None else builder.operand(recipe, values[0])
            for recipe in states
        ]
        mask = given.pop() if node.attrs["masked"] else None
        sequence, *initial = given
        _refine(builder, sequence, cell)
        arguments = layer_arguments(cell)
        return_state = needs[2] or (needs[0] and needs[1])
        arguments |= {
            "return_sequences": needs[0] or None,
            "return_state": return_state or None,
            "go_backwards": node.attrs["backwards"] or None,
        }
        keywords: dict[str, Any] = {"mask": mask} if mask is not None else {}
        if initial:
            keywords["initial_state"] = initial if len(initial) > 1 else initial[0]
        shapes = [view.shape(output) for output in outputs]
        whole = _over_time(sequence, cell.units)
        made = builder.layer(
            cell.kind, arguments, sequence, weights=_weights(cell), shape=whole if needs[0]
            else shapes[1], dtype=sequence.dtype, **keywords,
        )  # fmt: skip
        last = made
        memory = made
        if return_state:
            last, memory = (Value(shapes[1], sequence.dtype, hint) for hint in ("h", "c"))
            count = 3 if cell.kind == "LSTM" else 2
            call = builder.plan.calls[-1]
            call.outputs = (made, last, memory)[:count]
            if not needs[0]:
                made.hint = "output"
        if mask is not None and needs[0] and not node.attrs["holds"]:
            # dynamic_rnn gives zeros past the end. This also ends the mask's way through Keras,
            # which would otherwise change pooling and losses further on.
            kept = builder.op("expand_dims", mask, -1, shape=(*(mask.shape or ()), 1), dtype="bool")
            made = builder.op("where", kept, made, 0.0, shape=made.shape, dtype=made.dtype)
        return [made, last, memory]

    return Match(taken, build, outputs)


@operation("Bidirectional", keras="Bidirectional")
def bidirectional(view: View, tensor: str) -> Match | None:
    """Two directions whose outputs are joined."""
    node = view.graph.node(tensor)
    forward, backward = node.attrs["cells"]

    def build(builder: Builder, sequence: Value, mask: Value | None = None) -> Value:
        _refine(builder, sequence, forward)
        before = sum(f.kind == "Bidirectional" for f in builder.plan.layers)
        inner = snake(forward.kind) + (f"_{before}" if before else "")
        arguments = {**layer_arguments(forward)}
        if node.attrs["sequences"]:
            arguments["return_sequences"] = True
        wrapped = Layer(inner, forward.kind, arguments)
        weights: dict[str, Recipe] = {}
        for way, cell in (("forward", forward), ("backward", backward)):
            weights |= {f"{way}_{inner}/{path}": recipe for path, recipe in _weights(cell).items()}
        units = forward.units + backward.units
        shape = _over_time(sequence, units) if node.attrs["sequences"] else (None, units)
        keywords = {"mask": mask} if mask is not None else {}
        made = builder.layer(
            "Bidirectional", {"layer": wrapped}, sequence, weights=weights, shape=shape,
            dtype=sequence.dtype, scope=_scope_of_both(weights.values()), **keywords,
        )  # fmt: skip
        if mask is not None and node.attrs["sequences"]:
            kept = builder.op("expand_dims", mask, -1, shape=(*(mask.shape or ()), 1), dtype="bool")
            made = builder.op("where", kept, made, 0.0, shape=made.shape, dtype=made.dtype)
        return made

    return Match(node.inputs, build)


@operation("SequenceMask", keras="SequenceMask")
def sequence_mask(view: View, tensor: str) -> Match | None:
    """Which steps of a padded sequence come before its end."""
    node = view.graph.node(tensor)

    def build(builder: Builder, sequence: Value, lengths: Value) -> Value:
        shape = (sequence.shape or (None, None))[:2]
        return builder.layer(
            "SequenceMask", {}, sequence, lengths, shape=shape, dtype="bool", scope=""
        )

    return Match(node.inputs, build)


def _scope_of_both(recipes: Iterable[Recipe]) -> str:
    """The scope that the variables of both directions share."""
    scope = common_scope(source for recipe in recipes for source in recipe.sources)
    kept = [part for part in scope.split("/") if not part.startswith("bidirectional_rnn")]
    return "/".join(kept) or "bidirectional"


def _refine(builder: Builder, sequence: Value, cell: Cell) -> None:
    width = sum(block.rows[1] - block.rows[0] for block in cell.kernels[0])
    builder.refine(sequence, (None, None, width))


def _over_time(sequence: Value, units: int) -> tuple[int | None, ...]:
    return (*(sequence.shape or (None, None, None))[:2], units)


def layer_arguments(cell: Cell) -> dict[str, Any]:
    """What the layer's constructor is given, defaults left out."""
    arguments: dict[str, Any] = {"units": cell.units}
    if cell.activation != "tanh":
        arguments["activation"] = _activation(cell.activation)
    if cell.kind != "SimpleRNN" and cell.recurrent_activation != "sigmoid":
        arguments["recurrent_activation"] = _activation(cell.recurrent_activation)
    if _bias(cell) is None:
        arguments["use_bias"] = False
    if cell.kind == "GRU" and not cell.reset_after:
        arguments["reset_after"] = False
    return arguments


def _activation(name: str) -> Any:
    # Keras 3 calls relu6(x + 3) / 6 a hard sigmoid; this one is TensorFlow 1's.
    return Code("hard_sigmoid") if name == "hard_sigmoid" else name


def _weights(cell: Cell) -> dict[str, Recipe]:
    """Kernel, recurrent kernel and bias, by their path below the layer."""
    order = {"LSTM": "gates i, f, c, o", "GRU": "gates u, r, c", "SimpleRNN": "columns"}[cell.kind]
    rows = []
    for at in range(len(cell.kernels[0])):
        rows.append(joined([blocks[at] for blocks in cell.kernels], order))
    found = {"kernel": _merged(cell, order) or concatenate(rows, 0)}
    found["recurrent_kernel"] = joined(cell.recurrent, order)
    bias = _bias(cell)
    if bias is not None:
        found["bias"] = bias
    return {f"{snake(cell.kind)}_cell/{path}": recipe for path, recipe in found.items()}


def _merged(cell: Cell, order: str) -> Recipe | None:
    """The kernel where the inputs' rows lie one below the other in the same variables."""
    whole = []
    for blocks in cell.kernels:
        first, last = blocks[0], blocks[-1]
        for above, below in pairwise(blocks):
            same = above.recipe.key == below.recipe.key and above.columns == below.columns
            if not same or above.rows[1] != below.rows[0]:
                return None
        whole.append(Block(first.recipe, (first.rows[0], last.rows[1]), first.columns))
    return joined(whole, order)


def _bias(cell: Cell) -> Recipe | None:
    """The bias: (gates * units,), or (2, 3 units) of a GRU that resets after; None without one."""
    order = {"LSTM": "gates i, f, c, o", "GRU": "gates u, r, c"}.get(cell.kind, "columns")
    outer = _one_bias(cell, cell.biases, cell.offsets, order)
    if not cell.reset_after:
        return outer
    inner = _one_bias(cell, cell.inner_biases, ((0.0,),) * 3, order)
    if outer is None and inner is None:
        return None
    zeros = constant(np.zeros(3 * cell.units, np.float32), "zeros")
    outer, inner = outer or zeros, inner or zeros
    return outer.then("stack", lambda a, b: np.stack([a, b]), inner, shape=(2, 3 * cell.units))


def _one_bias(
    cell: Cell,
    biases: Sequence[Sequence[Block]],
    offsets: Sequence[Sequence[float]],
    order: str,
) -> Recipe | None:
    flat = [_broadcast(offset, cell.units) for offset in offsets]
    added = np.concatenate(flat).astype(np.float32)
    depth = max(len(blocks) for blocks in biases)
    if depth == 0:
        return constant(added, "constant bias") if added.any() else None
    dtype = next(blocks[0].recipe.dtype for blocks in biases if blocks)
    layers = []
    for at in range(depth):
        present = [blocks[at] if at < len(blocks) else None for blocks in biases]
        if None not in present:
            layers.append(joined([block for block in present if block], order))
            continue
        zeros = constant(np.zeros(cell.units, dtype), "zeros")
        parts = [joined([block], order) if block else zeros for block in present]
        layers.append(concatenate(parts, 0))
    total = layers[0]
    for other in layers[1:]:
        total = total.then("add", np.add, other, shape=total.shape, moves=False)
    if added.any():
        named = ", ".join(
            f"{offset[0]:g} to {gate}"
            for gate, offset in zip(GATES[cell.kind], offsets, strict=True)
            if len(offset) == 1 and offset[0]
        )
        total = total.then(
            f"add {named or 'a constant'}",
            lambda a: a + added.astype(a.dtype),
            shape=total.shape,
            moves=False,
        )
    return total


def _broadcast(offset: Sequence[float], units: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(offset), (units,)) if len(offset) == 1 else np.asarray(offset)
