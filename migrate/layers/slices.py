"""Slices, joins and splits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph.nodes import Node
from ..plan import Code, Value
from .builder import Builder
from .dimensions import Size, shape_of, sizes_of
from .dynamic import dynamic
from .registry import Match, operation
from .view import View


@operation("ConcatV2", "Concat", keras="Concatenate")
def concatenate(view: View, tensor: str) -> Match | None:
    """Tensors joined along an axis."""
    node = view.graph.node(tensor)
    last = node.op == "ConcatV2"
    parts = node.inputs[:-1] if last else node.inputs[1:]
    axis = view.scalar(node.inputs[-1] if last else node.inputs[0])
    if axis is None:
        return None
    recipes = [view.recipe(part) for part in parts]
    dynamic = [p for p, recipe in zip(parts, recipes, strict=True) if recipe is None]
    if len(dynamic) == 1 and len(parts) == 1:
        return Match(dynamic, lambda builder, value: value)
    rank = next((len(s) for s in map(view.shape, (tensor, *parts)) if s is not None), None)
    if rank is not None and axis == rank - 1:
        axis = -1

    def build(builder: Builder, *values: Value) -> Value:
        joined = builder.operands(recipes, values)
        floats = view.dtype(tensor).startswith("float")  # what Keras's layers compute in
        if len(dynamic) == len(parts) and axis != 0 and floats:
            arguments = {"axis": None if axis == -1 else axis}
            return builder.layer("Concatenate", arguments, joined)
        return builder.op("concatenate", joined, axis=axis)

    return Match(dynamic, build) if dynamic else None


@operation("Pack", keras="keras.ops.stack")
def stack(view: View, tensor: str) -> Match | None:
    """Tensors stacked along a new axis."""
    node = view.graph.node(tensor)
    recipes = [view.recipe(part) for part in node.inputs]
    dynamic = [p for p, recipe in zip(node.inputs, recipes, strict=True) if recipe is None]
    axis = node.attrs.get("axis", 0)

    def build(builder: Builder, *values: Value) -> Value:
        parts = builder.operands(recipes, values)
        return builder.op("stack", parts, axis=axis)

    return Match(dynamic, build) if dynamic else None


@operation("Unpack", keras="keras.ops.unstack")
def unstack(view: View, tensor: str) -> Match | None:
    """A tensor split along an axis."""
    node = view.graph.node(tensor)
    count, axis = node.attrs["num"], node.attrs.get("axis", 0)
    return _several(view, tensor, node.inputs[0], count, "unstack", (count,), axis)


@operation("Split", keras="keras.ops.split")
def split(view: View, tensor: str) -> Match | None:
    """A tensor split into equal parts."""
    node = view.graph.node(tensor)
    axis, count = view.scalar(node.inputs[0]), node.attrs["num_split"]
    if axis is None:
        return None
    return _several(view, tensor, node.inputs[1], count, "split", (count,), axis)


@operation("SplitV", keras="keras.ops.split")
def split_by_sizes(view: View, tensor: str) -> Match | None:
    """A tensor split into parts of given sizes."""
    node = view.graph.node(tensor)
    sizes, axis = view.static(node.inputs[1]), view.scalar(node.inputs[2])
    if sizes is None or axis is None or min(sizes) < 0:
        return None
    ends = [int(end) for end in sizes.cumsum()[:-1]]
    return _several(view, tensor, node.inputs[0], len(sizes), "split", (ends,), axis)


def _several(
    view: View,
    tensor: str,
    x: str,
    count: int,
    function: str,
    arguments: tuple[Any, ...],
    axis: int,
) -> Match:
    name = tensor.rpartition(":")[0]
    names = [f"{name}:{index}" for index in range(count)]

    def build(builder: Builder, value: Value) -> Sequence[Value]:
        if count == 1:
            made = builder.op(function, value, *arguments, axis=axis)
            return [builder.op("[]", made, Code("0"))]
        return builder.ops(function, count, value, *arguments, axis=axis)

    return Match([x], build, names) if count > 1 else Match([x], build)


@operation("StridedSlice", "Slice", keras="x[a:b, …], DynamicSlice (own class)")
def strided_slice(view: View, tensor: str) -> Match | None:
    """A slice with constant bounds; tf.slice also with bounds computed at run time."""
    node = view.graph.node(tensor)
    index = _index(view, tensor)
    if index is None:
        if node.op == "StridedSlice":
            return _between_sizes(view, tensor)
        bounds = [sizes_of(view, source) for source in node.inputs[1:]]
        if None in bounds:
            return None
        return dynamic(view, tensor, "DynamicSlice", [n for part in bounds for n in part or ()])
    if len(index) == 1 and (":" in index[0] or index[0] == "None"):
        index.append("...")  # keras.ops.get_item knows no slice or new axis alone
    text = ", ".join(index)

    def build(builder: Builder, value: Value) -> Value:
        return builder.op("[]", value, Code(text))

    return Match(node.inputs[:1], build)


def _between_sizes(view: View, tensor: str) -> Match | None:
    """``x[:, a:b, …]`` where a run computes a bound; each axis begins at 0 or extends to its end.

    Axes that are left out come last, and those that are indexed are taken away afterwards.
    """
    node = view.graph.node(tensor)
    shape = view.shape(node.inputs[0])
    first, last = (sizes_of(view, source) for source in node.inputs[1:3])
    steps = view.static(node.inputs[3])
    masks = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "shrink_axis")}
    others = node.attrs.get("new_axis_mask") or node.attrs.get("ellipsis_mask")
    if shape is None or first is None or last is None or steps is None or others:
        return None
    if any(step != 1 for step in steps):
        return None
    begins: list[Size] = [0] * len(shape)
    lengths: list[Size] = [-1] * len(shape)
    dropped = []
    for axis, (begin, end) in enumerate(zip(first, last, strict=True)):
        bit = 1 << axis
        begins[axis] = 0 if masks["begin"] & bit else begin
        if masks["shrink_axis"] & bit:
            lengths[axis] = 1
            dropped.append(axis)
        elif not masks["end"] & bit:
            if begins[axis] != 0:
                return None
            lengths[axis] = end
    if any(begins[axis] == -1 for axis in dropped):  # from -1 to 0 would be nothing
        return None
    match = dynamic(view, tensor, "DynamicSlice", [*begins, *lengths])
    if match is None or not dropped:
        return match

    def build(builder: Builder, *values: Value) -> Value:
        made = match.build(builder, *values)
        made.shape = tuple(n if isinstance(n, int) and n > 0 else None for n in lengths)
        axis = dropped[0] if len(dropped) == 1 else tuple(dropped)
        return builder.op("squeeze", made, axis)

    return Match(match.inputs, build)


def axes_of_one(view: View, tensor: str) -> set[int]:
    """The axes along which a slice takes one position."""
    node = view.node(tensor)
    if node.op == "Slice":
        sizes = sizes_of(view, node.inputs[2]) or []
        return {axis for axis, size in enumerate(sizes) if size == 1}
    if node.op != "StridedSlice":
        return set()
    begin, end, step = (view.static(source) for source in node.inputs[1:4])
    others = any(node.attrs.get(f"{key}_mask") for key in ("ellipsis", "new_axis", "shrink_axis"))
    if begin is None or end is None or step is None or others:
        return set()
    whole = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end")}
    found = set()
    for axis, (first, last, by) in enumerate(zip(begin, end, step, strict=True)):
        start = 0 if whole["begin"] >> axis & 1 else first
        if by == 1 and last != 0 and last - start == 1 and not whole["end"] >> axis & 1:
            found.add(axis)
    return found


def _index(view: View, tensor: str) -> list[str] | None:
    node = view.graph.node(tensor)
    if node.op == "Slice":
        begin, sizes = view.static(node.inputs[1]), _slice_sizes(view, node)
        if (
            begin is None
            or sizes is None
            or any(b and n is None for b, n in zip(begin, sizes, strict=True))
        ):
            return None
        return [
            _range(int(b) or None, None if n in (None, -1) else int(b + n), None)
            for b, n in zip(begin, sizes, strict=True)
        ]
    begin, end, step = (view.static(source) for source in node.inputs[1:4])
    if begin is None or end is None or step is None:
        return None
    masks = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "ellipsis")}
    new, shrink = node.attrs.get("new_axis_mask", 0), node.attrs.get("shrink_axis_mask", 0)
    parts = []
    for at in range(len(begin)):
        bit = 1 << at
        if masks["ellipsis"] & bit:
            parts.append("...")
        elif new & bit:
            parts.append("None")
        elif shrink & bit:
            parts.append(str(int(begin[at])))
        else:
            start = None if masks["begin"] & bit else int(begin[at])
            stop = None if masks["end"] & bit else int(end[at])
            by = int(step[at])
            start = None if start == 0 and by > 0 else start
            parts.append(_range(start, stop, None if by == 1 else by))
    return parts


def _slice_sizes(view: View, node: Node) -> list[int | None] | None:
    """The sizes of a slice, None where they are the whole size of an axis that a run decides."""
    sizes, shape = sizes_of(view, node.inputs[2]), shape_of(view, node.inputs[0])
    if sizes is None:
        return None
    pairs = list(zip(sizes, shape or [None] * len(sizes), strict=True))
    if any(size is None or not (isinstance(size, int) or size == whole) for size, whole in pairs):
        return None
    return [size if isinstance(size, int) else None for size in sizes]


def _range(start: int | None, stop: int | None, step: int | None) -> str:
    text = f"{'' if start is None else start}:{'' if stop is None else stop}"
    return text if step is None else f"{text}:{step}"
