"""linear-collapse in Keras: layers without a non-linearity are one linear layer."""

import itertools

import keras
import numpy as np
import tensorflow as tf


def build_model(num_inputs, num_hidden, num_outputs, activation):
    """Three Dense layers; with activation None each of them is linear."""
    # --- inputs
    layers = [keras.Input((num_inputs,), name="x")]

    # --- variables
    # Made by the layers; see values() for what they hold.

    # --- forward
    layers.append(keras.layers.Dense(num_hidden, activation, name="dense1"))
    layers.append(keras.layers.Dense(num_hidden, activation, name="dense2"))
    layers.append(keras.layers.Dense(num_outputs, name="dense3"))
    return keras.Sequential(layers)


# --- collapse
def collapse(weights):
    """The kernel and the bias of the one layer that does what three linear ones do."""
    w1, b1, w2, b2, w3, b3 = weights
    # ((x·w1 + b1)·w2 + b2)·w3 + b3 = x·(w1·w2·w3) + ((b1·w2 + b2)·w3 + b3)
    kernel = tf.matmul(tf.matmul(w1, w2), w3)
    bias = tf.matmul(tf.matmul(b1[tf.newaxis], w2) + b2, w3) + b3
    return kernel, bias[0]


# --- loop
def values(points, num_hidden=16, num_outputs=3):
    """The outputs of the networks at some points.

    Args:
        points: shape (n, inputs).
    """
    sizes = [points.shape[1], num_hidden, num_hidden, num_outputs]
    # TensorFlow's own random numbers, not keras.initializers', to have what TF1 has.
    tf.random.set_seed(0)
    weights = []
    for rows, columns in itertools.pairwise(sizes):
        weights.append(tf.random.normal([rows, columns], seed=len(weights) + 1))
        weights.append(tf.random.normal([columns], seed=len(weights) + 1))

    linear = build_model(points.shape[1], num_hidden, num_outputs, activation=None)
    relu = build_model(points.shape[1], num_hidden, num_outputs, activation="relu")
    linear.set_weights(weights)
    relu.set_weights(weights)
    one = keras.Sequential([keras.Input((points.shape[1],)), keras.layers.Dense(num_outputs)])
    one.set_weights(collapse(weights))

    # A model is called like a function; predict() is for data that comes in batches.
    deep, collapsed, bent = (np.array(model(points)) for model in (linear, one, relu))
    print("parameters of three layers:", linear.count_params())
    print("parameters of the one that does the same:", one.count_params())
    return {
        "three linear layers": deep,
        "one layer": collapsed,
        "largest difference": np.abs(deep - collapsed).max(),
        "three layers, ReLU": bent,
        "largest difference, ReLU": np.abs(bent - collapsed).max(),
    }
