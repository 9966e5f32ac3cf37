"""Activations and reductions that programs compose of arithmetic, in the spellings met."""

import numpy as np
import tensorflow as tf

from harness import Program, case, normal


def vectors(size=6, scale=3):
    x = tf.placeholder(tf.float32, [None, size], name="x")
    return x, {x: scale * normal(5, size)}, {x: scale * normal(9, size, salt=1)}


def spellings(*functions):
    """A program that applies each function to a dense layer of its own."""
    x, data, second = vectors()
    outputs = []
    for number, function in enumerate(functions):
        net = tf.layers.dense(x, 6, name=f"dense_{number}")
        outputs.append(tf.identity(function(net), name=f"y{number}"))
    return Program(data, outputs, second=second)


@case
def composed_gelu_tanh():
    """GELU by tanh: as in BERT, GPT-2, with a cube of products, and with x outside of the sum."""
    slope = np.sqrt(2 / np.pi)
    return spellings(
        lambda x: x * (0.5 * (1.0 + tf.tanh(slope * (x + 0.044715 * tf.pow(x, 3))))),
        lambda x: 0.5 * x * (1 + tf.tanh(slope * (x + 0.044715 * x * x * x))),
        lambda x: 0.5 * x * (1 + tf.tanh(0.7978845608 * x * (1 + 0.044715 * tf.square(x)))),
        lambda x: x * (tf.tanh((tf.square(x) * x * 0.044715 + x) * slope) + 1) / 2,
    )


@case
def composed_gelu_erf():
    """GELU by erf: as in BERT and tf.nn.gelu of 2.x, and divided last."""
    return spellings(
        lambda x: x * (0.5 * (1.0 + tf.erf(x / tf.sqrt(2.0)))),
        lambda x: 0.5 * x * (1.0 + tf.erf(x / 1.4142135623730951)),
        lambda x: x * (tf.erf(x * 0.7071067811865475) + 1.0) / 2.0,
    )


@case
def composed_not_gelu():
    """What only looks like GELU: another constant, another factor, a part that is an output."""
    gate = []

    def shared(x):
        gate.append(1.0 + tf.erf(x / np.sqrt(2)))
        return 0.5 * x * gate[0]

    program = spellings(
        lambda x: 0.5 * x * (1 + tf.tanh(0.79 * (x + 0.044715 * tf.pow(x, 3)))),
        lambda x: x * (1.0 + tf.erf(x / np.sqrt(2.0))),
        shared,
    )
    program.outputs.append(tf.identity(gate[0], name="gate"))
    return program


@case
def composed_swish():
    """SiLU and hard-swish: products, quotients, clips; tf.nn.swish."""
    return spellings(
        lambda x: x * tf.nn.sigmoid(x),
        lambda x: tf.nn.sigmoid(x) * x,
        tf.nn.swish,
        lambda x: x * tf.nn.relu6(x + 3.0) / 6.0,
        lambda x: x * (tf.nn.relu6(x + 3.0) / 6.0),
        lambda x: x * (tf.nn.relu6(3.0 + x) * 0.16666667),
        lambda x: x * tf.minimum(tf.maximum(x + 3, 0), 6) / 6,
    )


@case
def composed_hard_sigmoid():
    """Hard sigmoids: a sixth of relu6, and Keras 2's slope of a fifth."""
    return spellings(
        lambda x: tf.nn.relu6(x + 3.0) / 6.0,
        lambda x: tf.clip_by_value(x + 3.0, 0.0, 6.0) * (1 / 6),
        lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0),
        tf.keras.backend.hard_sigmoid,
        lambda x: tf.maximum(0.0, tf.minimum(1.0, x / 5 + 0.5)),
    )


@case
def composed_leaky_relu():
    """Leaky ReLU: by a maximum, by the absolute value, by two ReLUs; as one operation."""
    return spellings(
        lambda x: tf.maximum(x, 0.1 * x),
        lambda x: 0.6 * x + 0.4 * tf.abs(x),
        lambda x: 0.5 * (1 + 0.3) * x + 0.5 * (1 - 0.3) * tf.abs(x),
        lambda x: tf.nn.relu(x) - 0.2 * tf.nn.relu(-x),
        lambda x: tf.nn.leaky_relu(x, 0.05),
    )


@case
def composed_softmax():
    """Softmax, written out along the last axis and another; and the logarithm of the sum."""
    x = tf.placeholder(tf.float32, [None, 7, 4], name="x")
    net = tf.layers.dense(x, 4, name="dense")

    def softmax(z, axis):
        e = tf.exp(z - tf.reduce_max(z, axis, keepdims=True))
        return e / tf.reduce_sum(e, axis, keepdims=True)

    outputs = [
        softmax(net, -1),
        softmax(net, 1),
        tf.reduce_logsumexp(net, 2),
        tf.reduce_logsumexp(net, 1, keepdims=True),
        tf.reduce_logsumexp(net, [1, 2]),
    ]
    outputs = [tf.identity(y, name=f"y{i}") for i, y in enumerate(outputs)]
    return Program({x: 9 * normal(3, 7, 4)}, outputs, second={x: 9 * normal(5, 7, 4, salt=1)})
