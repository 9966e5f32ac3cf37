"""Convolutions with a kernel that is a value of the model, as keras.ops."""

from __future__ import annotations

from typing import Any

from ..plan import Value
from .builder import Builder
from .convolution import common_arguments, to_channels_first, to_channels_last
from .registry import Match, operation
from .view import View

_FUNCTIONS = {"Conv2D": "conv", "Conv3D": "conv", "DepthwiseConv2dNative": "depthwise_conv"}


@operation(*_FUNCTIONS, keras="keras.ops.conv, keras.ops.depthwise_conv")
def convolution_by_value(view: View, tensor: str) -> Match | None:
    """A convolution of two tensors of the model."""
    node = view.graph.node(tensor)
    kernel = view.shape(node.inputs[1])
    if kernel is None or any(view.recipe(source) is not None for source in node.inputs):
        return None
    spatial = len(kernel) - 2
    common = common_arguments(node, spatial)
    if common is None or common[2]:
        return None
    first, given, _ = common
    keywords: dict[str, Any] = {
        "strides": given["strides"] or 1,
        "padding": given["padding"] or "valid",
        "data_format": "channels_last",
        "dilation_rate": given["dilation_rate"] or 1,
    }

    def build(builder: Builder, x: Value, weight: Value) -> Value:
        if first:
            x = to_channels_last(builder, x, spatial)
        shape = view.shape(tensor)
        if first and shape is not None:
            shape = (shape[0], *shape[2:], shape[1])
        made = builder.op(_FUNCTIONS[node.op], x, weight, shape=shape, **keywords)
        return to_channels_first(builder, made, spatial) if first else made

    return Match(node.inputs[:2], build)
