"""perceptron in TensorFlow 2: y = sigmoid(w0 + x·W), and the derivative of the sigmoid."""

import numpy as np
import tensorflow as tf


class Perceptron(tf.Module):
    """One neuron: two inputs, weights that are given, no training."""

    # --- inputs
    # A call takes its input as an argument; nothing is declared before.

    # --- variables
    def __init__(self, bias, w1, w2):
        super().__init__()
        self.w0 = tf.Variable([bias], name="w0")  # has its value at once: no initializer to run
        self.w = tf.Variable([[w1], [w2]], name="w")

    # --- forward
    def __call__(self, x):
        """The outputs, shape (examples, 1)."""
        return tf.sigmoid(tf.add(self.w0, tf.matmul(x, self.w)))


# --- gradient
def slope(z):
    """The derivative of the sigmoid: the tape records what is computed from what it watches."""
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)  # a variable is watched by itself, a constant is not
        y = tf.sigmoid(z)
    return tape.gradient(y, z)


# --- loop
def values(points, slopes_at, bias=1.0, w1=3.0, w2=-2.0):
    """The neuron at some points, and the slope of the sigmoid.

    Args:
        points: shape (n, 2).
        slopes_at: shape (m,).
        bias, w1, w2: the weights of the neuron.
    """
    neuron = Perceptron(bias, w1, w2)
    y = neuron(points)
    print("y", y)  # an eager tensor prints its value
    return {
        "y": y.numpy(),
        "sigmoid(2)": np.float32(tf.sigmoid(2.0)),
        "slope": slope(slopes_at).numpy(),
    }
