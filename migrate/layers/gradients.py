"""Gradients of activations that a network itself computes with: penalties on gradients of a critic.

Their own gradients, which training takes, are those of the same formulas.
"""

from __future__ import annotations

import numpy as np

from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View, shortest


@operation("TanhGrad", "SigmoidGrad", keras="dy * (1 - y * y), dy * y * (1 - y)")
def of_result(view: View, tensor: str) -> Match | None:
    """The gradient of an activation by its result ``y``."""
    node = view.graph.node(tensor)
    if any(view.recipe(source) is not None for source in node.inputs):
        return None

    def build(builder: Builder, y: Value, dy: Value) -> Value:
        if node.op == "TanhGrad":
            slope = builder.op("subtract", 1.0, builder.op("square", y))
        else:
            slope = builder.op("*", y, builder.op("subtract", 1.0, y))
        return builder.op("*", dy, slope)

    return Match(node.inputs, build)


@operation("ReluGrad", "LeakyReluGrad", "Relu6Grad", "SoftplusGrad", keras="keras.ops.where")
def of_features(view: View, tensor: str) -> Match | None:
    """The gradient of an activation by its argument."""
    node = view.graph.node(tensor)
    if any(view.recipe(source) is not None for source in node.inputs):
        return None

    def build(builder: Builder, dy: Value, features: Value) -> Value:
        if node.op == "SoftplusGrad":
            return builder.op("*", dy, builder.op("sigmoid", features))
        above = builder.op("greater", features, 0.0, dtype="bool")
        if node.op == "Relu6Grad":
            below = builder.op("less", features, 6.0, dtype="bool")
            above = builder.op("logical_and", above, below, dtype="bool")
        otherwise = builder.op("zeros_like", dy)
        if node.op == "LeakyReluGrad":
            otherwise = builder.op("*", dy, shortest(np.float32(node.attrs.get("alpha", 0.2))))
        return builder.op("where", above, dy, otherwise)

    return Match(node.inputs, build)
