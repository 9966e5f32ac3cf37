"""dense-from-scratch in TensorFlow 1: a dense layer as a function that adds to the graph."""

import os

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- layer
def my_dense(x, units, name, seed):
    """sigmoid(x·W + b): two variables and three operations, added to the default graph.

    Args:
        x: shape (examples, features).

    Returns:
        A tensor of shape (examples, units).
    """
    # get_variable makes it the first time and finds it when the scope is entered with reuse=True.
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        weight = tf.get_variable(
            "weight", [x.shape[1], units], initializer=tf.random_normal_initializer(seed=seed)
        )
        bias = tf.get_variable(
            "bias", [1, units], initializer=tf.random_normal_initializer(seed=seed + 1)
        )
        return tf.sigmoid(tf.matmul(x, weight) + bias)  # [1, units] is broadcast over the examples


def build(num_inputs, num_units):
    """The layer by hand, and the one that comes with TensorFlow, on the same weights."""
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")

    # --- variables
    # my_dense is called twice, and makes its variables once: that is what reuse is for.
    tf.set_random_seed(0)
    y = my_dense(x, num_units, "my_dense", seed=1)
    again = my_dense(x, num_units, "my_dense", seed=1)
    built_in = tf.layers.dense(x, num_units, tf.sigmoid, name="dense")

    # --- forward
    (weight, bias) = tf.trainable_variables("my_dense")
    (kernel, flat_bias) = tf.trainable_variables("dense")  # its bias has shape [units]
    copy = tf.group(kernel.assign(weight), flat_bias.assign(bias[0]))

    # --- gradient
    gradient, bias_gradient = tf.gradients(tf.reduce_sum(y**2), [weight, bias])
    return x, y, again, built_in, copy, gradient, bias_gradient


# --- loop
def values(points, folder, num_units=3):
    """The outputs of both layers, and the gradient through the one by hand.

    Args:
        points: shape (n, inputs).
    """
    x, y, again, built_in, copy, gradient, bias_gradient = build(points.shape[1], num_units)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(copy)
        tensors = [y, again, built_in, gradient, bias_gradient]
        y, again, built_in, gradient, bias_gradient = session.run(tensors, {x: points})

        # --- save
        tf.train.Saver().save(session, os.path.join(folder, "dense.ckpt"))
    for variable in tf.trainable_variables():
        print(variable.op.name, variable.shape.as_list())
    return {
        "by hand": y,
        "called again": again,
        "built in": built_in,
        "largest difference": np.abs(y - built_in).max(),
        "gradient of the weight": gradient,
        "gradient of the bias": bias_gradient,
    }
