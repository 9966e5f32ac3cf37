"""linear-collapse in TensorFlow 1: layers without a non-linearity are one linear layer."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_inputs, num_hidden, num_outputs, seed=0):
    """Describes four networks on the same weights: with and without ReLU, deep and collapsed."""
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")

    # --- variables
    tf.set_random_seed(seed)
    w1 = tf.Variable(tf.random_normal([num_inputs, num_hidden], seed=1), name="w1")
    b1 = tf.Variable(tf.random_normal([num_hidden], seed=2), name="b1")
    w2 = tf.Variable(tf.random_normal([num_hidden, num_hidden], seed=3), name="w2")
    b2 = tf.Variable(tf.random_normal([num_hidden], seed=4), name="b2")
    w3 = tf.Variable(tf.random_normal([num_hidden, num_outputs], seed=5), name="w3")
    b3 = tf.Variable(tf.random_normal([num_outputs], seed=6), name="b3")

    # --- forward
    h = tf.nn.bias_add(tf.matmul(x, w1), b1)
    h = tf.nn.bias_add(tf.matmul(h, w2), b2)
    linear = tf.nn.bias_add(tf.matmul(h, w3), b3, name="linear")

    h = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w1), b1))
    h = tf.nn.relu(tf.nn.bias_add(tf.matmul(h, w2), b2))
    relu = tf.nn.bias_add(tf.matmul(h, w3), b3, name="relu")

    # --- collapse
    # ((x·w1 + b1)·w2 + b2)·w3 + b3 = x·(w1·w2·w3) + ((b1·w2 + b2)·w3 + b3)
    weight = tf.matmul(tf.matmul(w1, w2), w3)
    bias = tf.matmul(tf.matmul(b1[tf.newaxis], w2) + b2, w3) + b3  # matmul takes matrices only
    collapsed = tf.nn.bias_add(tf.matmul(x, weight), bias[0], name="collapsed")
    return x, linear, relu, collapsed, weight


# --- loop
def values(points, num_hidden=16, num_outputs=3):
    """The outputs of the networks at some points.

    Args:
        points: shape (n, inputs).
    """
    x, linear, relu, collapsed, weight = build(points.shape[1], num_hidden, num_outputs)
    counts = [np.prod(variable.shape.as_list()) for variable in tf.trainable_variables()]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        # One run, one feed: whatever the four share is computed once.
        outputs = session.run([linear, collapsed, relu, weight], {x: points})
    linear, collapsed, relu, weight = outputs
    print("parameters of three layers:", sum(counts))
    print("parameters of the one that does the same:", weight.size + num_outputs)
    return {
        "three linear layers": linear,
        "one layer": collapsed,
        "largest difference": np.abs(linear - collapsed).max(),
        "three layers, ReLU": relu,
        "largest difference, ReLU": np.abs(relu - collapsed).max(),
    }
