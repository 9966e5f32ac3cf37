"""initialization in TensorFlow 1: what the size of the weights does to a signal in a deep net."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- forward
def deviations(signal, activation, sigma, num_layers, every):
    """Sends a signal through layers of random weights.

    Args:
        signal: shape (examples, units).
        sigma: the deviation of the weights.

    Returns:
        Mean and deviation of the signal after each ``every`` layers, two arrays.
    """
    units = signal.shape[1]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        x = tf.placeholder(tf.float32, [None, units])
        h, moments = x, []
        # A Python loop in TF1 does not compute: it writes a graph of so many layers.
        for layer in range(1, num_layers + 1):
            weight = tf.random_normal([units, units], stddev=sigma, seed=layer)
            h = activation(tf.matmul(h, weight))
            if layer % every == 0:
                moments.append((tf.reduce_mean(h), tf.math.reduce_std(h)))
        return np.array(session.run(moments, {x: signal})).T


# --- vanishing and exploding
def sizes(signal, depth):
    """Weights too small, too large, and of the right size, for ReLU and for tanh."""
    n = signal.shape[1]
    rules = {
        "ReLU, sigma 0.01": (tf.nn.relu, 0.01),
        "ReLU, sigma 1": (tf.nn.relu, 1.0),
        "ReLU, sqrt(2/n)": (tf.nn.relu, np.sqrt(2 / n)),
        "tanh, sigma 0.01": (tf.tanh, 0.01),
        "tanh, sigma 1": (tf.tanh, 1.0),
        "tanh, sqrt(1/n)": (tf.tanh, np.sqrt(1 / n)),
        "tanh, sqrt(2/(n_in+n_out))": (tf.tanh, np.sqrt(2 / (n + n))),
    }
    return {
        name: deviations(signal, activation, sigma, depth, every=10)[1]
        for name, (activation, sigma) in rules.items()
    }


# --- selu
def selu(signal, num_layers=1000):
    """SELU with LeCun's sqrt(1/n) holds mean 0 and deviation 1, however deep."""
    sigma = np.sqrt(1 / signal.shape[1])
    means, deviation = deviations(signal, tf.nn.selu, sigma, num_layers, every=100)
    return {"SELU, 1,000 layers: mean": means, "SELU, 1,000 layers: deviation": deviation}


# --- initializers
def built_in(rows=300, columns=500):
    """The deviation of what the initializers of TensorFlow draw, and of the formulas."""
    rules = {
        "Glorot: sqrt(2/(n_in+n_out))": (tf.initializers.glorot_normal, 2 / (rows + columns)),
        "He: sqrt(2/n_in)": (tf.initializers.he_normal, 2 / rows),
        "LeCun: sqrt(1/n_in)": (tf.initializers.lecun_normal, 1 / rows),
    }
    with tf.Session() as session:
        for name, (initializer, variance) in rules.items():
            drawn = session.run(initializer(seed=1)([rows, columns], tf.float32)).std()
            print(f"{name} = {np.sqrt(variance):.5f}, drawn {drawn:.5f}")
            yield name, drawn


# --- loop
def values(signal, depth=50):
    """The deviation of the signal after 10, 20 … layers, and SELU's after 100, 200 …"""
    given = {**sizes(signal, depth), **selu(signal), **dict(built_in())}
    for name in list(given)[:7]:
        print(f"{name}: deviation 1 before, {given[name][-1]:.3g} after {depth} layers")
    return given
