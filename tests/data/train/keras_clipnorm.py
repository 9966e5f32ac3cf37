"""Keras 2.3 with `clipnorm`: each gradient is clipped by the norm of all of them, in a tf.cond."""

import keras
from golden import *
from keras import layers

rng = start(71)
given = keras.Input((12, 3))
h = layers.Conv1D(8, 3, padding="causal", activation="relu")(given)
h = layers.add([layers.Conv1D(8, 1)(h), layers.Conv1D(8, 3, dilation_rate=2, padding="same")(h)])
h = layers.Dense(4)(layers.Activation("relu")(h))
net = keras.Model(given, layers.Activation("softmax")(h))
sgd = keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=0.1)
net.compile(sgd, "sparse_categorical_crossentropy")
net._make_train_function()
series, labels, weights = net.inputs[0], net.targets[0], net.sample_weights[0]
train = net.train_function.updates_op
plane = rng.randn(3, 4)


def batch(n):
    points = rng.randn(n, 12, 3).astype("float32")
    return {series: points, labels: (points @ plane).argmax(-1)[..., None], weights: np.ones(n)}


write(
    "gradients clipped by Keras 2",
    "Output is the softmax; exact continuation with the norm of all gradients.",
    [series],
    net.outputs,
    train,
    net.total_loss,
    batch,
)
