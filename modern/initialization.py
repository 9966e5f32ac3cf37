"""initialization in TensorFlow 2 and Keras: what the size of the weights does to a signal."""

import keras
import numpy as np
import tensorflow as tf


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
    tf.random.set_seed(0)
    h, means, deviations = tf.constant(signal), [], []
    # Each line computes at once, and h may be looked at.
    for layer in range(1, num_layers + 1):
        weight = tf.random.normal([units, units], stddev=sigma, seed=layer)
        h = activation(tf.matmul(h, weight))
        if layer % every == 0:
            means.append(tf.reduce_mean(h))
            deviations.append(tf.math.reduce_std(h))
    return np.array(means), np.array(deviations)


# --- vanishing and exploding
def sizes(signal, depth):
    """Weights too small, too large, and of the right size, for ReLU and for tanh."""
    n = signal.shape[1]
    relu, tanh = keras.activations.relu, keras.activations.tanh
    rules = {
        "ReLU, sigma 0.01": (relu, 0.01),
        "ReLU, sigma 1": (relu, 1.0),
        "ReLU, sqrt(2/n)": (relu, np.sqrt(2 / n)),
        "tanh, sigma 0.01": (tanh, 0.01),
        "tanh, sigma 1": (tanh, 1.0),
        "tanh, sqrt(1/n)": (tanh, np.sqrt(1 / n)),
        "tanh, sqrt(2/(n_in+n_out))": (tanh, np.sqrt(2 / (n + n))),
    }
    return {
        name: deviations(signal, activation, sigma, depth, every=10)[1]
        for name, (activation, sigma) in rules.items()
    }


# --- selu
def selu(signal, num_layers=1000):
    """SELU with LeCun's sqrt(1/n) holds mean 0 and deviation 1, however deep."""
    sigma = np.sqrt(1 / signal.shape[1])
    means, deviation = deviations(signal, keras.activations.selu, sigma, num_layers, every=100)
    return {"SELU, 1,000 layers: mean": means, "SELU, 1,000 layers: deviation": deviation}


# --- initializers
def built_in(rows=300, columns=500):
    """The deviation of what the initializers of Keras draw, and of the formulas."""
    rules = {
        "Glorot: sqrt(2/(n_in+n_out))": (keras.initializers.GlorotNormal, 2 / (rows + columns)),
        "He: sqrt(2/n_in)": (keras.initializers.HeNormal, 2 / rows),
        "LeCun: sqrt(1/n_in)": (keras.initializers.LecunNormal, 1 / rows),
    }
    for name, (initializer, variance) in rules.items():
        drawn = np.std(initializer(seed=1)([rows, columns]))
        print(f"{name} = {np.sqrt(variance):.5f}, drawn {drawn:.5f}")
        yield name, drawn


# --- loop
def values(signal, depth=50):
    """The deviation of the signal after 10, 20 … layers, and SELU's after 100, 200 …"""
    given = {**sizes(signal, depth), **selu(signal), **dict(built_in())}
    for name in list(given)[:7]:
        print(f"{name}: deviation 1 before, {given[name][-1]:.3g} after {depth} layers")
    return given
