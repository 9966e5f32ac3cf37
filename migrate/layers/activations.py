"""Activations, with the slopes that TensorFlow 1 gives them."""

from __future__ import annotations

import numpy as np

from ..plan import Recipe, Value
from .builder import Builder
from .registry import Match, operation, pattern
from .view import View, shortest

_BY_NAME = {
    "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
}  # fmt: skip


def activation(x: str, name: str) -> Match:
    """One of Keras's activations by name, as a layer that the one before may take in."""

    def build(builder: Builder, value: Value) -> Value:
        scope = "" if name.startswith("log_") else None
        return builder.layer(
            "Activation", {"activation": name}, value, shape=value.shape, scope=scope
        )

    return Match([x], build)


@operation(*_BY_NAME, keras="Activation")
def named(view: View, tensor: str) -> Match | None:
    """An activation that Keras has under the same name."""
    node = view.graph.node(tensor)
    return activation(node.inputs[0], _BY_NAME[node.op])


@operation("LeakyRelu", keras="LeakyReLU")
def leaky_relu(view: View, tensor: str) -> Match | None:
    """``tf.nn.leaky_relu`` as one operation; its slope is 0.2 by default, Keras's 0.3."""
    node = view.graph.node(tensor)
    return leaky(node.inputs[0], shortest(np.float32(node.attrs.get("alpha", 0.2))))


@pattern("Maximum", keras="LeakyReLU")
def leaky_relu_by_maximum(view: View, tensor: str) -> Match | None:
    """``maximum(slope * x, x)``, as TensorFlow 1 composed it."""
    node = view.graph.node(tensor)
    for scaled, x in (node.inputs, node.inputs[::-1]):
        product = view.graph.node(view.resolve(scaled))
        if product.op != "Mul" or view.uses(scaled) != 1:
            continue
        for factor, again in (product.inputs, product.inputs[::-1]):
            slope = view.scalar(factor)
            if slope is not None and 0 <= slope < 1 and view.resolve(again) == view.resolve(x):
                return leaky(x, slope)
    return None


def leaky(x: str, slope: float) -> Match:
    """``LeakyReLU`` with a slope."""

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer("LeakyReLU", {"negative_slope": slope}, value, shape=value.shape)

    return Match([x], build)


@pattern("Mul", keras="Activation('silu')")
def swish(view: View, tensor: str) -> Match | None:
    """``x * sigmoid(x)``."""
    node = view.graph.node(tensor)
    for gate, x in (node.inputs, node.inputs[::-1]):
        sigmoid = view.produced(gate, "Sigmoid")
        if sigmoid is not None and view.resolve(sigmoid.inputs[0]) == view.resolve(x):
            return activation(x, "silu")
    return None


@pattern("Mul", keras="Activation('mish')")
def mish(view: View, tensor: str) -> Match | None:
    """``x * tanh(softplus(x))``."""
    node = view.graph.node(tensor)
    for gate, x in (node.inputs, node.inputs[::-1]):
        tanh = view.produced(gate, "Tanh")
        softplus = None if tanh is None else view.produced(tanh.inputs[0], "Softplus")
        if softplus is not None and view.resolve(softplus.inputs[0]) == view.resolve(x):
            return activation(x, "mish")
    return None


@pattern("Add", "AddV2", keras="PReLU")
def parametric_relu(view: View, tensor: str) -> Match | None:
    """``relu(x) + alpha * (x - |x|) * 0.5``, the usual spelling of PReLU in TensorFlow 1."""
    node = view.graph.node(tensor)
    for positive, negative in (node.inputs, node.inputs[::-1]):
        relu = view.produced(positive, "Relu")
        half = view.produced(negative, "Mul")
        if relu is None or half is None:
            continue
        x = view.resolve(relu.inputs[0])
        for factor, rest in (half.inputs, half.inputs[::-1]):
            product = view.produced(rest, "Mul")
            if view.scalar(factor) != 0.5 or product is None:
                continue
            for slope, difference in (product.inputs, product.inputs[::-1]):
                alpha = view.recipe(slope)
                sub = view.produced(difference, "Sub")
                if alpha is None or sub is None or view.resolve(sub.inputs[0]) != x:
                    continue
                absolute = view.produced(sub.inputs[1], "Abs")
                if absolute is None or view.resolve(absolute.inputs[0]) != x:
                    continue
                return _parametric(view, x, alpha)
    return None


def _parametric(view: View, x: str, alpha: Recipe) -> Match | None:
    shape = view.shape(x)
    if shape is None or len(alpha.shape) != 1 or len(shape) < 2:
        return None
    axes = list(range(1, len(shape) - 1))
    full = (*[1] * len(axes), alpha.shape[0])

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer(
            "PReLU",
            {"shared_axes": axes or None},
            value,
            weights={"alpha": alpha.reshape(*full)},
            shape=value.shape,
        )

    return Match([x], build)
