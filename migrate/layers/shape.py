"""Flatten, reshape, transpose, squeeze, slices, joins and splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..graph.constants import MOST_AXES, axes_or_sizes
from ..plan import Code, Shape, Value
from .builder import Builder
from .dimensions import Computed, Dimension, Size, shape_of, sizes_of
from .dynamic import dynamic
from .registry import Match, UnsupportedError, operation
from .slices import axes_of_one
from .view import View


@operation("Reshape", keras="Reshape, Flatten, keras.ops.reshape, DynamicReshape (own class)")
def reshape(view: View, tensor: str) -> Match | None:
    """A reshape to sizes that are constant or computed from other shapes."""
    node = view.graph.node(tensor)
    before, after = view.shape(node.inputs[0]), view.shape(tensor)
    target = target_sizes(view, node.inputs[1])
    if target is None:
        return None
    sizes = sizes_of(view, node.inputs[1])
    if _same_sizes(shape_of(view, node.inputs[0]), sizes):
        return Match(node.inputs[:1], lambda builder, value: value)
    known = _completed(target, after)
    rest = tuple(known[1:])
    if sizes and isinstance(sizes[0], Computed) and not {None, -1} & set(rest):
        # As many rows as are left: batch times length, say, which is no batch.
        shape = after or (None, *rest)
        return Match(
            node.inputs[:1],
            lambda builder, value: builder.op("reshape", value, (-1, *rest), shape=shape),
        )
    if (
        before is not None
        and sizes  # not a scalar
        and (_several_open(before, known) or _of_another_batch(view, node.inputs[0], known, sizes))
    ):
        sizes = [s if n is None else n for n, s in zip(known, sizes, strict=True)]
        return dynamic(view, tensor, "DynamicReshape", sizes)

    def build(builder: Builder, value: Value) -> Value:
        return reshaped(builder, value, value.shape or before, target, after)

    return Match(node.inputs[:1], build)


def target_sizes(view: View, tensor: str) -> tuple[int | None, ...] | None:
    """The sizes a shape tensor asks for: -1 where it says so, None where a run decides."""
    sizes = view.sizes(tensor)
    if sizes is not None:
        return sizes
    node = view.node(tensor)
    if node.op == "Pack":
        return tuple(view.scalar(part) for part in node.inputs)
    if node.op in ("ConcatV2", "Concat"):
        parts = node.inputs[:-1] if node.op == "ConcatV2" else node.inputs[1:]
        found: list[int | None] = []
        for part in parts:
            known = axes_or_sizes(view.static(part))
            if known is None:
                shape = view.shape(part)
                if shape is None or None in shape:
                    return None
                count = math.prod(size or 0 for size in shape)
                if count > MOST_AXES:
                    return None
                found += [None] * count
            else:
                found += known
        return tuple(found)
    return None


def reshaped(
    builder: Builder, value: Value, before: Shape, target: Sequence[int | None], after: Shape
) -> Value:
    """A value in another shape, by the layer a person would use where the batch stays."""
    sizes = _completed(target, after)
    rest = [-1 if size is None else size for size in sizes[1:]]
    if value.shape is None and rest and -1 not in rest and sizes[0] in (-1, None):
        builder.refine(value, (None, math.prod(rest)))
        before = value.shape
    if _keeps_batch(before, sizes) and rest.count(-1) <= 1:
        inner = None if before is None else before[1:]
        if inner is not None and list(inner) == rest:
            return value
        total = None if inner is None or None in inner else math.prod(size or 0 for size in inner)
        if -1 in rest and total is not None:
            known = math.prod(size for size in rest if size != -1)
            rest[rest.index(-1)] = total // known if known else 0
        shape = (before[0] if before else None, *(None if n == -1 else n for n in rest))
        if len(rest) == 1 and rest[0] in (-1, total):
            return builder.layer("Flatten", {}, value, shape=shape, scope="")
        return builder.layer("Reshape", {"target_shape": tuple(rest)}, value, shape=shape, scope="")
    final = tuple(-1 if size is None else size for size in sizes)
    if final.count(-1) > 1:
        raise UnsupportedError(["Reshape to sizes that are known only at run time"], builder.tensor)
    shape = after or tuple(None if size == -1 else size for size in final)
    return builder.op("reshape", value, final, shape=shape)


def _completed(target: Sequence[int | None], after: Shape) -> list[int | None]:
    """The sizes asked for, with those that the graph says of the result."""
    if after is None or len(after) != len(target):
        return list(target)
    return [after[at] if size is None else size for at, size in enumerate(target)]


def _same_sizes(before: Sequence[Size] | None, after: Sequence[Size] | None) -> bool:
    """Whether a reshape leaves everything as it is; one size follows from the others."""
    if before is None or after is None or len(before) != len(after):
        return False
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
    fixed = all(isinstance(n, int) and n >= 0 for pair in pairs for n in pair)
    return not pairs or (len(pairs) == 1 and not fixed)


def _several_open(before: Shape, sizes: Sequence[int | None]) -> bool:
    """Whether a reshape needs more than one size of the run, beyond that of the batch."""
    counted = sizes[1:] if _keeps_batch(before, sizes) else sizes
    return sum(size in (None, -1) for size in counted) > 1


def _of_another_batch(
    view: View, tensor: str, known: Sequence[int | None], sizes: Sequence[Size]
) -> bool:
    """Whether a reshape asks for the batch of another tensor, as rows of sequences do.

    Then the size that is left open is not what one row has. A first size that is computed, such as
    batch times length, is no batch either.
    """
    left_open = any(size in (None, -1) for size in known[1:])
    if isinstance(sizes[0], Computed):
        return None not in sizes
    own = shape_of(view, tensor)
    fewer = own is not None and sizes[0] == -1 and 1 < len(sizes) < len(own)
    if fewer and own is not None and list(sizes[1:]) == own[1 - len(sizes) :]:
        return left_open  # rows of positions, not of examples
    return left_open and isinstance(sizes[0], Dimension) and own is not None and own[0] != sizes[0]


def _keeps_batch(before: Shape, sizes: Sequence[int | None]) -> bool:
    """Whether the first dimension, of unknown size, goes through a reshape untouched."""
    if not sizes or (before is not None and (not before or before[0] is not None)):
        return False
    if sizes[0] is not None and sizes[0] != -1:
        return False
    rest = sizes[1:]
    others = math.prod(size for size in rest if size is not None and size != -1)
    if before is None or None in before[1:]:
        if sizes[0] is None:
            return True  # [shape(x)[0], …]: what else would it be
        # [-1, n] of images whose size is not known; [-1, channels] would merge positions.
        return before is not None and len(sizes) == 2 and others != before[-1] and -1 not in rest
    inner = math.prod(size or 0 for size in before[1:])
    if None in rest or -1 in rest:
        return sizes[0] is None and others > 0 and inner % others == 0
    return inner == others


@operation("Transpose", keras="Permute, keras.ops.transpose")
def transpose(view: View, tensor: str) -> Match | None:
    """A permutation of the axes."""
    node = view.graph.node(tensor)
    order = view.static(node.inputs[1])
    if order is None:
        return None
    axes = [int(axis) for axis in order]

    def build(builder: Builder, value: Value) -> Value:
        shape = None
        if value.shape is not None:
            shape = tuple(value.shape[axis] for axis in axes)
        if axes[:1] == [0]:
            return builder.layer("Permute", {"dims": tuple(axes[1:])}, value, shape=shape, scope="")
        return builder.op("transpose", value, tuple(axes), shape=shape)

    return Match(node.inputs[:1], build)


@operation("ExpandDims", keras="keras.ops.expand_dims")
def expand_dims(view: View, tensor: str) -> Match | None:
    """A new axis of size 1."""
    node = view.graph.node(tensor)
    axis = view.scalar(node.inputs[1])
    if axis is None:
        return None

    def build(builder: Builder, value: Value) -> Value:
        shape = None
        if value.shape is not None:
            at = axis % (len(value.shape) + 1)
            shape = (*value.shape[:at], 1, *value.shape[at:])
        return builder.op("expand_dims", value, axis, shape=shape)

    return Match(node.inputs[:1], build)


@operation("Squeeze", keras="keras.ops.squeeze")
def squeeze(view: View, tensor: str) -> Match | None:
    """Axes of size 1 removed."""
    node = view.graph.node(tensor)
    axes = list(node.attrs.get("squeeze_dims") or node.attrs.get("axis") or [])
    before = view.shape(node.inputs[0])
    if not axes:
        if before is None:
            return None
        # A batch of unknown size is not squeezed: that would be an accident of one run.
        axes = [axis for axis, size in enumerate(before) if size == 1]
    # Keras does not see that one is left of an axis whose size is open.
    single = axes_of_one(view, node.inputs[0])
    cut = bool(single) and all(axis % len(before or axes) in single for axis in axes)

    def build(builder: Builder, value: Value) -> Value:
        shape = value.shape
        if shape is not None:
            gone = {axis % len(shape) for axis in axes}
            if cut:
                index = ("0" if axis in gone else ":" for axis in range(max(gone) + 1))
                shape = tuple(size for axis, size in enumerate(shape) if axis not in gone)
                return builder.op("[]", value, Code(", ".join(index)), shape=shape)
            shape = tuple(size for axis, size in enumerate(shape) if axis not in gone)
        axis = axes[0] if len(axes) == 1 else tuple(axes)
        return builder.op("squeeze", value, axis, shape=shape)

    return Match(node.inputs[:1], build)


@operation(
    "Pad", "PadV2", "MirrorPad", keras="ZeroPadding2D, keras.ops.pad, DynamicPad (own class)"
)
def pad(view: View, tensor: str) -> Match | None:
    """Padding with zeros, a constant, or mirrored."""
    node = view.graph.node(tensor)
    widths = view.static(node.inputs[1])
    value_ = view.scalar(node.inputs[2]) if node.op == "PadV2" else 0
    if value_ is None:
        return None
    mode = str(node.attrs.get("mode", "constant")).lower() if node.op == "MirrorPad" else "constant"
    if widths is None:
        sizes = sizes_of(view, node.inputs[1])
        given = {"value": value_ or None, "mode": None if mode == "constant" else mode}
        return None if sizes is None else dynamic(view, tensor, "DynamicPad", sizes, given)
    pairs = tuple((int(before), int(after)) for before, after in widths)

    def build(builder: Builder, value: Value) -> Value:
        inner = pairs[1:-1]
        zeros = mode == "constant" and value_ == 0
        if zeros and len(pairs) in (3, 4, 5) and pairs[0] == pairs[-1] == (0, 0):
            padding: Any = inner[0] if len(inner) == 1 else inner
            if len({*inner}) == 1 and inner[0][0] == inner[0][1]:
                padding = inner[0][0]
            return builder.layer(f"ZeroPadding{len(inner)}D", {"padding": padding}, value)
        if mode == "constant" and value_:
            return builder.op("pad", value, pairs, constant_values=value_)
        return builder.op("pad", value, pairs, mode=mode)

    return Match(node.inputs[:1], build)


@operation("Tile", keras="keras.ops.tile, DynamicTile (own class)")
def tile(view: View, tensor: str) -> Match | None:
    """A tensor repeated along its axes."""
    node = view.graph.node(tensor)
    counts = sizes_of(view, node.inputs[1])
    if counts is None:
        return None
    repeats = tuple(counts)
    if not all(isinstance(count, int) for count in counts):
        return dynamic(view, tensor, "DynamicTile", counts)
    return Match(node.inputs[:1], lambda builder, value: builder.op("tile", value, repeats))


@operation("ReverseV2", keras="keras.ops.flip")
def reverse(view: View, tensor: str) -> Match | None:
    """Axes in reverse order."""
    node = view.graph.node(tensor)
    axes = view.static(node.inputs[1])
    if axes is None:
        return None
    axis = tuple(int(a) for a in axes)
    single = axis[0] if len(axis) == 1 else axis
    return Match(
        node.inputs[:1],
        lambda builder, value: builder.op("flip", value, axis=single, shape=value.shape),
    )


@operation("MatrixBandPart", keras="keras.ops.tril, keras.ops.triu")
def band(view: View, tensor: str) -> Match | None:
    """The diagonals of matrices within a band, zeros elsewhere."""
    node = view.graph.node(tensor)
    lower, upper = view.scalar(node.inputs[1]), view.scalar(node.inputs[2])
    if lower is None or upper is None:
        return None

    def build(builder: Builder, value: Value) -> Value:
        if lower >= 0:
            value = builder.op("triu", value, k=-lower, shape=value.shape)
        if upper >= 0:
            value = builder.op("tril", value, k=upper, shape=value.shape)
        return value

    return Match(node.inputs[:1], build)
