"""A loss of tf.keras taken for an output: binary cross-entropy of clipped probabilities, whose
model ends in a reshape.
"""

from golden import *

rng = start(55)
L = tf.keras.layers
given = L.Input((6,), name="given")
h = L.Dense(8, activation="relu", name="deep")(given)
p = L.Lambda(lambda v: tf.reshape(tf.sigmoid(v), (-1, 1)), name="p")(L.Dense(1, name="score")(h))
model = tf.keras.Model(given, p)
y = tf.placeholder(tf.float32, [None, 1], "label")
loss = tf.reduce_mean(tf.keras.losses.binary_crossentropy(y, model.output))
train = tf.train.AdamOptimizer(0.01).minimize(loss)


def batch(n):
    points = rng.randn(n, 6).astype("float32")
    return {model.input: points, y: points[:, :1] > 0}


write(
    "a loss taken for an output",
    "Output is the reshaped sigmoid p/Reshape:0, never 1 - p or its clip; exact continuation with "
    "BinaryCrossentropy and Adam.",
    [model.input],
    [model.output],
    train,
    loss,
    batch,
)
