"""Keras 2.3 with its own Adam: Keras calls slots, rate and counter trainable, and its step assigns
to weights. Masked words, a bidirectional LSTM, a dense layer on every step.
"""

import keras
from golden import *
from keras import layers

rng = start(40)
given = keras.Input((7,))
x = layers.Embedding(30, 6, mask_zero=True)(given)
x = layers.add([x, layers.Dense(6, activation="tanh")(x)])
x = layers.Bidirectional(layers.LSTM(4))(x)
net = keras.Model(given, layers.Dense(3, activation="softmax")(x))
net.compile(keras.optimizers.Adam(0.01, decay=0.1), "categorical_crossentropy")
net._make_train_function()
words, labels, weights = net.inputs[0], net.targets[0], net.sample_weights[0]
train = net.train_function.updates_op


def batch(n):
    x = rng.randint(1, 30, (n, 7)) * (np.arange(7) < rng.randint(3, 8, (n, 1)))
    return {words: x.astype("float32"), labels: np.eye(3)[x[:, 0] % 3], weights: np.ones(n)}


write(
    "an optimizer of Keras 2",
    "Exact continuation: the formula of Keras's Adam with decay in an optimizer of model.py, and "
    "the layers that the program has: Embedding, Bidirectional LSTM, Dense.",
    [words],
    net.outputs,
    train,
    net.total_loss,
    batch,
)
