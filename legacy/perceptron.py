"""perceptron in TensorFlow 1: y = sigmoid(w0 + x·W), and the derivative of the sigmoid."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(bias, w1, w2):
    """One neuron: two inputs, weights that are given, no training."""
    # --- inputs
    # A placeholder has a name, a type and a shape, and no value before a Session feeds it.
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    z = tf.placeholder(tf.float32, [None], name="z")

    # --- variables
    w0 = tf.Variable(tf.constant([bias]), name="w0")
    w = tf.Variable(tf.constant([[w1], [w2]]), name="w")

    # --- forward
    y = tf.sigmoid(tf.add(w0, tf.matmul(x, w)), name="y")

    # --- gradient
    # Symbolic: new nodes are added to the graph. sigmoid(z) is summed over z, silently.
    sigmoid = tf.sigmoid(z)
    (slope,) = tf.gradients(sigmoid, [z])
    return x, z, y, sigmoid, slope


# --- loop
def values(points, slopes_at, bias=1.0, w1=3.0, w2=-2.0):
    """The neuron at some points, and the slope of the sigmoid.

    Args:
        points: shape (n, 2).
        slopes_at: shape (m,).
        bias, w1, w2: the weights of the neuron.
    """
    x, z, y, sigmoid, slope = build(bias, w1, w2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        outputs = session.run(y, {x: points})
        at_two = session.run(sigmoid, {z: [2.0]})
        slopes = session.run(slope, {z: slopes_at})
    print("y", y)  # a Tensor prints its shape, not its value
    return {"y": outputs, "sigmoid(2)": np.float32(at_two[0]), "slope": slopes}
