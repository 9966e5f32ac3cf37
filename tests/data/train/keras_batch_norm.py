"""Keras 2.3 with batch normalization: its moving variance is n / (n - 1 - epsilon) times that of a
batch, which for images is the fused kernel's and corrected already.
"""

import keras
from golden import *
from keras import layers

rng = start(76)
given = keras.Input((4, 4, 3))
x = layers.Conv2D(6, 3, padding="same", use_bias=False)(given)
x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
x = layers.Dense(5, use_bias=False)(layers.GlobalAveragePooling2D()(x))
x = layers.Activation("tanh")(layers.BatchNormalization(momentum=0.8, scale=False)(x))
net = keras.Model(given, layers.Dense(3, activation="softmax")(x))
net.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
net._make_train_function()
image, labels, weights = net.inputs[0], net.targets[0], net.sample_weights[0]
phase = keras.backend.learning_phase()
train = net.train_function.updates_op


def batch(n):
    points = rng.randn(n, 4, 4, 3)
    hot = np.eye(3)[rng.randint(0, 3, n)]
    return {image: points, labels: hot, weights: np.ones(n), phase: 1}


write(
    "moving variance of Keras 2",
    "Exact continuation with CorrectedBatchNormalization: images with both factors, rows with one.",
    [image],
    net.outputs,
    train,
    net.total_loss,
    batch,
    inference={phase: 0},
)
