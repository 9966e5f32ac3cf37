"""Sums, means, extremes and their places, over axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..plan import Value
from .builder import Builder
from .registry import Match, operation, pattern
from .view import View

_REDUCTIONS = {
    "Sum": "sum", "Mean": "mean", "Max": "max", "Min": "min", "Prod": "prod", "All": "all",
    "Any": "any",
}  # fmt: skip


@pattern("All", keras="keras.ops.logical_and")
def masks_of_all(view: View, tensor: str) -> Match | None:
    """Masks stacked and reduced again, as merging layers of Keras join those of their inputs."""
    node = view.graph.node(tensor)
    stacked = view.produced(node.inputs[0], "ConcatV2", "ExpandDims")
    axes = view.static(node.inputs[1])
    if stacked is None or axes is None or axes.ravel().tolist() != [0]:
        return None
    parts: Sequence[str] = [node.inputs[0]]
    if stacked.op == "ConcatV2":
        parts = stacked.inputs[:-1] if view.scalar(stacked.inputs[-1]) == 0 else ()
    widened = [view.produced(part, "ExpandDims") for part in parts]
    if not widened or node.attrs.get("keep_dims"):
        return None
    masks: dict[str, None] = {}
    for each in widened:
        if each is None or view.scalar(each.inputs[1]) != 0:
            return None
        masks[view.resolve(each.inputs[0])] = None

    def build(builder: Builder, *values: Value) -> Value:
        joined, *others = values
        for value in others:
            joined = builder.op("logical_and", joined, value)
        return joined

    return Match(list(masks), build)


@pattern("Mean", "Sum", keras="keras.ops.where")
def of_some_largest(view: View, tensor: str) -> Match | None:
    """The mean of the largest elements of a vector, as many as the run says: of hard examples."""
    node = view.graph.node(tensor)
    largest = view.produced(node.inputs[0], "TopKV2")
    axes = view.static(node.inputs[1])
    if largest is None or axes is None or axes.ravel().tolist() != [0]:
        return None
    vector = len(view.shape(largest.inputs[0]) or ()) == 1
    first = view.resolve(node.inputs[0]).endswith(":0")
    keeps = node.attrs.get("keep_dims") or node.attrs.get("keepdims")
    if not (vector and first) or keeps or view.scalar(largest.inputs[1]) is not None:
        return None

    def build(builder: Builder, value: Value, count: Value) -> Value:
        shape = value.shape
        ordered = builder.op("sort", value, shape=shape)
        ordered = builder.op("flip", ordered, axis=0, shape=shape)
        places = builder.op(
            "cumsum", builder.op("ones_like", ordered, shape=shape), axis=0, shape=shape
        )
        kept = builder.op("less_equal", places, count, dtype="bool", shape=shape)
        total = builder.op("sum", builder.op("where", kept, ordered, 0.0, shape=shape), axis=0)
        if node.op == "Sum":
            return total
        return builder.op("/", total, builder.op("cast", count, value.dtype, dtype=value.dtype))

    return Match(largest.inputs[:2], build)


@operation(*_REDUCTIONS, keras="keras.ops.sum, mean, max …")
def reduce(view: View, tensor: str) -> Match | None:
    """A reduction over constant axes."""
    node = view.graph.node(tensor)
    axes = view.static(node.inputs[1])
    if axes is None:
        return None
    found = [int(axis) for axis in np.atleast_1d(axes)]
    keep = bool(node.attrs.get("keep_dims") or node.attrs.get("keepdims"))
    axis = found[0] if len(found) == 1 else tuple(found)

    def build(builder: Builder, value: Value) -> Value:
        if not found:
            return value
        if keep:
            return builder.op(_REDUCTIONS[node.op], value, axis=axis, keepdims=True)
        return builder.op(_REDUCTIONS[node.op], value, axis=axis)

    return Match(node.inputs[:1], build)


@operation("ArgMax", "ArgMin", keras="keras.ops.argmax")
def argmax(view: View, tensor: str) -> Match | None:
    """The index of the largest or smallest element."""
    node = view.graph.node(tensor)
    axis = view.scalar(node.inputs[1])
    if axis is None:
        return None
    function = "argmax" if node.op == "ArgMax" else "argmin"
    kind = node.attrs.get("output_type", "int64")

    def build(builder: Builder, value: Value) -> Value:
        place = builder.op(function, value, axis=axis, dtype="int32")
        return place if kind == "int32" else builder.op("cast", place, kind, dtype=kind)

    return Match(node.inputs[:1], build)


@operation("TopKV2", "TopK", keras="keras.ops.top_k")
def top_k(view: View, tensor: str) -> Match | None:
    """The largest elements of each row, and their indices."""
    node = view.graph.node(tensor)
    k = node.attrs.get("k") if node.op == "TopK" else view.scalar(node.inputs[1])
    if k is None:
        return _some_largest(view, tensor)
    name = node.name
    return Match(
        node.inputs[:1],
        lambda builder, value: builder.ops("top_k", 2, value, int(k)),
        [f"{name}:0", f"{name}:1"],
    )


def _some_largest(view: View, tensor: str) -> Match | None:
    """The largest elements of a vector, as many as the run says."""
    node = view.graph.node(tensor)
    if not tensor.endswith(":0") or len(view.shape(node.inputs[0]) or ()) != 1:
        return None

    def build(builder: Builder, value: Value, count: Value) -> Value:
        ordered = builder.op("flip", builder.op("sort", value, shape=value.shape), axis=0)
        arguments = {"sizes": (0, None)}
        return builder.layer("DynamicSlice", arguments, [ordered, count], scope="", shape=(None,))

    return Match(node.inputs[:2], build)


@operation("L2Loss", keras="keras.ops.sum(keras.ops.square(x)) / 2")
def l2_loss(view: View, tensor: str) -> Match | None:
    """Half the sum of squares."""
    node = view.graph.node(tensor)

    def build(builder: Builder, value: Value) -> Value:
        squares = builder.op("square", value, shape=value.shape)
        return builder.op("/", builder.op("sum", squares), 2)

    return Match(node.inputs[:1], build)


@operation("Cumsum", "Cumprod", keras="keras.ops.cumsum, cumprod")
def cumulative(view: View, tensor: str) -> Match | None:
    """Running sums and products along an axis, also reversed and exclusive."""
    node = view.graph.node(tensor)
    axis = view.scalar(node.inputs[1])
    exclusive, reverse = bool(node.attrs.get("exclusive")), bool(node.attrs.get("reverse"))
    if axis is None or (exclusive and node.op == "Cumprod"):
        return None

    def build(builder: Builder, value: Value) -> Value:
        shape = value.shape
        source = builder.op("flip", value, axis=axis, shape=shape) if reverse else value
        made = builder.op(node.op.lower(), source, axis=axis, shape=shape)
        if reverse:
            made = builder.op("flip", made, axis=axis, shape=shape)
        return builder.op("-", made, value, shape=shape) if exclusive else made

    return Match(node.inputs[:1], build)
