"""Keras 2.3 with a loss of its sigmoid, cross entropy and Jaccard index: the first takes what
enters the sigmoid, and the second what leaves it.
"""

import keras
from golden import *
from keras import backend, layers

rng = start(77)
given = keras.Input((5, 5, 3))
x = layers.Conv2D(6, 3, padding="same", activation="relu")(given)
x = layers.Conv2D(1, 3, padding="same", name="final_conv")(x)
x = layers.Activation("sigmoid", name="sigmoid")(x)
net = keras.Model(given, x)


def loss(gt, pr):
    bce = backend.mean(keras.losses.binary_crossentropy(gt, pr))
    both = backend.sum(gt * pr, axis=[0, 1, 2])
    either = backend.sum(gt + pr, axis=[0, 1, 2]) - both
    return bce + (1 - backend.mean((both + 1e-5) / (either + 1e-5)))


net.compile(keras.optimizers.SGD(0.1), loss)
net._make_train_function()
image, labels, weights = net.inputs[0], net.targets[0], net.sample_weights[0]
train = net.train_function.updates_op


def batch(n):
    p = rng.randn(n, 5, 5, 3)
    return {image: p, labels: p[..., :1] > 0, weights: np.ones(n)}


write(
    "a loss before and after a sigmoid",
    "Output is the sigmoid; exact continuation with a loss that is computed from it alone.",
    [image],
    net.outputs,
    train,
    net.total_loss,
    batch,
)
