"""Pooling, and normalization over neighboring channels."""

from __future__ import annotations

import numpy as np

from ..plan import Value
from .builder import Builder
from .convolution import to_channels_first, to_channels_last
from .registry import Match, operation, pattern
from .view import View, shortest


@operation("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D", keras="MaxPooling2D, AveragePooling2D …")
def pooling(view: View, tensor: str) -> Match | None:
    """Maximum or average over windows."""
    node = view.graph.node(tensor)
    kind = "MaxPooling" if node.op.startswith("Max") else "AveragePooling"
    rank = 3 if node.op.endswith("3D") else 2
    first = str(node.attrs.get("data_format", "NHWC")).startswith("NC")
    start = 2 if first else 1
    sizes, strides = node.attrs["ksize"], node.attrs["strides"]
    outside = [i for i in range(rank + 2) if not start <= i < start + rank]
    if any(sizes[i] != 1 or strides[i] != 1 for i in outside):
        return None
    window, steps = sizes[start : start + rank], strides[start : start + rank]
    arguments = {
        "pool_size": _one(window),
        "strides": None if window == steps else _one(steps),
        "padding": "same" if node.attrs.get("padding") == "SAME" else None,
    }

    def build(builder: Builder, value: Value) -> Value:
        if first:
            value = to_channels_last(builder, value, rank)
        shape = builder.view.shape(tensor)
        if first and shape is not None:
            shape = (shape[0], *shape[2:], shape[1])
        value = builder.layer(f"{kind}{rank}D", arguments, value, shape=shape)
        return to_channels_first(builder, value, rank) if first else value

    return Match(node.inputs[:1], build)


@pattern("Squeeze", keras="MaxPooling1D, AveragePooling1D")
def pooling_1d(view: View, tensor: str) -> Match | None:
    """``Squeeze(pool(ExpandDims(x)))``, as tf.layers.max_pooling1d writes it."""
    squeeze = view.graph.node(tensor)
    pool = view.produced(squeeze.inputs[0], "MaxPool", "AvgPool")
    expand = view.produced(pool.inputs[0], "ExpandDims") if pool is not None else None
    axes = squeeze.attrs.get("squeeze_dims") or []
    if pool is None or expand is None or len(axes) != 1 or pool.attrs["ksize"][axes[0]] != 1:
        return None
    if view.scalar(expand.inputs[1]) not in (axes[0], axes[0] - 4) or axes[0] % 4 not in (1, 2):
        return None
    if str(pool.attrs.get("data_format", "NHWC")) != "NHWC":
        return None
    axis = 3 - axes[0] % 4
    size, stride = pool.attrs["ksize"][axis], pool.attrs["strides"][axis]
    kind = "MaxPooling1D" if pool.op == "MaxPool" else "AveragePooling1D"
    arguments = {
        "pool_size": size,
        "strides": None if size == stride else stride,
        "padding": "same" if pool.attrs.get("padding") == "SAME" else None,
    }

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer(kind, arguments, value)

    return Match(expand.inputs[:1], build)


@pattern("Mean", "Max", keras="GlobalAveragePooling2D, GlobalMaxPooling2D …")
def global_pooling(view: View, tensor: str) -> Match | None:
    """The mean or maximum over all positions of an image (or sequence, or volume)."""
    node = view.graph.node(tensor)
    axes = view.static(node.inputs[1])
    shape = view.shape(node.inputs[0])
    if axes is None or shape is None or not 3 <= len(shape) <= 5 or axes.ndim != 1:
        return None
    rank = len(shape) - 2
    if rank == 1 and node.op == "Mean":
        return None  # Over a sequence, masks would count: left to keras.ops.
    found = sorted(int(axis) % len(shape) for axis in axes)
    first = found == list(range(2, rank + 2)) and len(found) == rank
    if not first and found != list(range(1, rank + 1)):
        return None
    kind = f"Global{'Average' if node.op == 'Mean' else 'Max'}Pooling{rank}D"
    keep = bool(node.attrs.get("keep_dims") or node.attrs.get("keepdims"))
    arguments = {
        "keepdims": keep or None,
        "data_format": "channels_first" if first else None,
    }

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer(kind, arguments, value)

    return Match(node.inputs[:1], build)


@operation("LRN", keras="LocalResponseNormalization (own class)")
def local_response_normalization(view: View, tensor: str) -> Match | None:
    """``tf.nn.local_response_normalization``."""
    node = view.graph.node(tensor)
    arguments = {"depth_radius": node.attrs.get("depth_radius", 5)}
    for key, usual in (("bias", 1.0), ("alpha", 1.0), ("beta", 0.5)):
        arguments[key] = shortest(np.float32(node.attrs.get(key, usual)))

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer("LocalResponseNormalization", arguments, value)

    return Match(node.inputs[:1], build)


def _one(sizes: list[int]) -> int | tuple[int, ...]:
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)
