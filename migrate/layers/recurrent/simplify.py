"""What stands around recurrent nodes, in the words Keras has for it.

Transposes and reshapes that undo each other go; the last of all outputs becomes the final state;
a sequence that is turned round before and after is read backwards; two directions become one layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...graph.constants import axes_or_sizes
from ...graph.nodes import Node
from ..view import View
from .affine import only, strided_key
from .draft import RECURRENT, Draft
from .network import RECURRENCE

BIDIRECTIONAL = "Bidirectional"
"""The op of a node of two recurrent layers: outputs of both, joined along the last axis."""


def simplify(view: View) -> View:
    """The view after all of it."""
    if not any(True for _ in view.graph.of(RECURRENT, RECURRENCE)):
        return view
    for change in (_turn, _last_steps, _reshape_once, _reverse, _pair):
        draft = Draft(view)
        change(draft)
        if draft.replaced or draft.nodes:
            view = draft.finish()
    return view


def _positions(draft: Draft, tensor: str) -> Iterator[tuple[str, list[int]]]:
    """A sequence and its transposes: tensors, and where each of their axes is in the first."""
    waiting = [(tensor, [0, 1, 2])]
    while waiting:
        at, axes = waiting.pop()
        yield at, axes
        for node in draft.view.graph.consumers(at):
            order = draft.order(node) if node.op == "Transpose" else None
            if order is not None and len(order) == len(axes) and node.inputs[0] == at:
                waiting.append((f"{node.name}:0", [axes[axis] for axis in order]))


def _turn(draft: Draft) -> None:
    """A transpose that undoes another gives the sequence itself."""
    for node in draft.view.graph.of(RECURRENT):
        sequence = f"{node.name}:0"
        for tensor, axes in _positions(draft, sequence):
            if tensor != sequence and axes == [0, 1, 2]:
                draft.replaced[tensor] = sequence
    for node in draft.view.graph.of("Transpose"):
        before = draft.view.node(node.inputs[0])
        if before.op == "Transpose" and f"{node.name}:0" not in draft.replaced:
            inner, outer = draft.order(before), draft.order(node)
            if inner and outer and [inner[axis] for axis in outer] == sorted(inner):
                draft.replaced[f"{node.name}:0"] = before.inputs[0]


def _reshape_once(draft: Draft) -> None:
    """``reshape(concat(outputs, 1), [-1, n])``: of two reshapes the second says it all."""
    for node in draft.view.graph.of("Reshape"):
        before = draft.view.node(node.inputs[0])
        sizes = draft.view.static(node.inputs[1])
        if before.op == "Reshape" and before.name in draft.view.made and sizes is not None:
            draft.nodes[node.name] = replace(node, inputs=(before.inputs[0], node.inputs[1]))


def _last_steps(draft: Draft) -> None:
    """``outputs[:, -1]`` in all spellings becomes the last state, where no length ends it."""
    view = draft.view
    for node in view.graph.of(RECURRENT):
        if node.attrs["masked"] and not node.attrs["holds"]:
            continue
        shape = draft.shape(f"{node.name}:0") or (None, None, None)
        waiting = [(f"{node.name}:0", f"{node.name}:1")]
        while waiting:
            whole, last = waiting.pop()
            for tensor, axes in _positions(draft, whole):
                for consumer in view.graph.consumers(tensor):
                    for taken in _taken_last(view, consumer, axes.index(1), shape[1]):
                        if [axis for axis in axes if axis != 1] == [0, 2]:
                            draft.replaced[taken] = last
                    if consumer.op == "Dropout":
                        attrs = {key: consumer.attrs.get(key) for key in ("rate", "fed")}
                        kept = draft.add(
                            consumer.name, "Dropout", (last,), [draft.shape(last)],
                            draft.dtype(last), attrs,
                        )  # fmt: skip
                        waiting.append((f"{consumer.name}:0", kept))


def _taken_last(view: View, node: Node, axis: int, steps: int | None) -> Iterator[str]:
    """The outputs of a node that are the last along an axis of its first input."""
    ends = {-1} | ({steps - 1} if steps else set())
    if node.op == "StridedSlice":
        keys = strided_key(view, node)
        if keys is not None and axis < len(keys) and keys[axis] in ends and only(keys, axis):
            yield f"{node.name}:0"
    elif node.op in ("GatherV2", "Gather"):
        along = view.scalar(node.inputs[2]) if node.op == "GatherV2" else 0
        value = view.static(node.inputs[1])
        if along == axis and value is not None and value.ndim == 0 and int(value) in ends - {-1}:
            yield f"{node.name}:0"
    elif node.op == "Unpack" and steps and node.attrs.get("axis", 0) in (axis, axis - 3):
        yield f"{node.name}:{steps - 1}"


def _reverse(draft: Draft) -> None:
    """A layer over a reversed sequence becomes one that goes backwards."""
    view = draft.view
    for node in view.graph.of(RECURRENT):
        source = view.node(node.inputs[0])
        turned = [
            (tensor, consumer)
            for tensor, axes in _positions(draft, f"{node.name}:0")
            if axes == [0, 1, 2]
            for consumer in view.graph.consumers(tensor)
        ]
        rest, mask = node.inputs[1:], _turned_mask(view, node)
        if _reverses(view, source) and not node.attrs["masked"]:
            pass
        elif _reverses(view, source) and mask:
            rest = (*rest[:-1], mask)
        elif _same_lengths(draft, source, node) and all(
            _same_lengths(draft, consumer, node) for _, consumer in turned
        ):
            # Masked steps come first when Keras goes backwards, and hold the state still.
            draft.changed.add(f"{node.name}:0")
            for _, consumer in turned:
                axis = draft.constant(f"{consumer.name}/axis", [1])
                flipped = draft.add(
                    consumer.name, "ReverseV2", (f"{node.name}:0", axis),
                    [view.shape(f"{consumer.name}:0")], view.dtype(f"{node.name}:0"),
                )  # fmt: skip
                draft.replaced[f"{consumer.name}:0"] = flipped
        else:
            continue
        inputs = (source.inputs[0], *rest)
        attrs = {**node.attrs, "backwards": not node.attrs["backwards"]}
        draft.nodes[node.name] = replace(node, inputs=inputs, attrs=attrs)


def _reverses(view: View, node: Node) -> bool:
    if node.op != "ReverseV2":
        return False
    return axes_or_sizes(view.static(node.inputs[1])) == (1,)


def _turned_mask(view: View, node: Node) -> str | None:
    """The mask of which a layer's own mask is the reverse in time, as in Keras before 2.4."""
    turned = view.node(node.inputs[-1])
    squeezed = turned.op == "Squeeze"
    turned = view.node(turned.inputs[0]) if squeezed else turned
    if not node.attrs["masked"] or not _reverses(view, turned):
        return None
    inner = view.node(turned.inputs[0])
    if not squeezed:
        return turned.inputs[0]
    wide = inner.op == "ExpandDims" and view.scalar(inner.inputs[1]) in (-1, 2)
    return inner.inputs[0] if wide else None


def _same_lengths(draft: Draft, source: Node, node: Node) -> bool:
    """Whether a node reverses sequences up to the lengths at which a layer's mask ends."""
    if source.op != "ReverseSequence" or not node.attrs["masked"]:
        return False
    axes = source.attrs.get("seq_dim"), source.attrs.get("batch_dim", 0)
    mask = draft.view.node(node.inputs[-1])
    if len(mask.inputs) < 2:  # given, not made of lengths
        return False
    return axes == (1, 0) and _uncast(draft, source.inputs[1]) == _uncast(draft, mask.inputs[1])


def _uncast(draft: Draft, tensor: str) -> str:
    node = draft.view.node(tensor)
    while node.op == "Cast":
        tensor = node.inputs[0]
        node = draft.view.node(tensor)
    return draft.view.resolve(tensor)


def _pair(draft: Draft) -> None:
    """Outputs, or final states, of two directions that are joined: one bidirectional layer."""
    view = draft.view
    for node in view.graph.of("ConcatV2"):
        shape = view.shape(f"{node.name}:0")
        axis = view.scalar(node.inputs[-1])
        if len(node.inputs) != 3 or shape is None or axis not in (-1, len(shape) - 1):
            continue
        pair = _directions(view, node.inputs[:2], len(shape) == 3)
        if pair is None:
            continue
        forward, backward, index = pair
        cells = (forward.attrs["cell"], backward.attrs["cell"])
        attrs = {
            "cells": cells,
            "masked": forward.attrs["masked"],
            "holds": False,
            "sequences": index == 0,
        }
        draft.replaced[f"{node.name}:0"] = draft.add(
            f"{node.name}/bidirectional", BIDIRECTIONAL, forward.inputs, [shape],
            view.dtype(f"{node.name}:0"), attrs,
        )  # fmt: skip


def _directions(
    view: View, tensors: Sequence[str], sequences: bool
) -> tuple[Node, Node, int] | None:
    """The two layers, forward and backward, whose only outputs two tensors are; and which."""
    first, second = (view.resolve(tensor) for tensor in tensors)
    if view.uses(first) != 1 or view.uses(second) != 1:
        return None
    if sequences:
        turned = view.graph.node(second)
        if not _reverses(view, turned):
            return None
        second = view.resolve(turned.inputs[0])
    forward, backward = view.graph.node(first), view.graph.node(second)
    if forward.op != RECURRENT or backward.op != RECURRENT:
        return None
    index = 0 if sequences else 1
    if not (first.endswith(f":{index}") and second.endswith(f":{index}")):
        return None
    alone = all(
        view.uses(f"{node.name}:{i}") == (1 if i == index else 0)
        for node in (forward, backward)
        for i in range(3)
    )
    # Keras's layer gives zeros where the mask is false; the final states are what they are.
    holds = sequences and (forward.attrs["holds"] or backward.attrs["holds"])
    plain = len(forward.inputs) == 1 + forward.attrs["masked"] and not holds
    alike = forward.attrs["cell"].form == backward.attrs["cell"].form
    same = _origins(view, forward) == _origins(view, backward)
    ways = (forward.attrs["backwards"], backward.attrs["backwards"]) == (False, True)
    return (forward, backward, index) if alone and plain and alike and same and ways else None


def _origins(view: View, node: Node) -> tuple[str, ...]:
    """The sequence, and the lengths of its mask, or a mask that is given."""
    sequence = view.resolve(node.inputs[0])
    if not node.attrs["masked"]:
        return (sequence,)
    mask = view.node(node.inputs[-1])
    return (sequence, view.resolve(mask.inputs[1] if len(mask.inputs) > 1 else node.inputs[-1]))
