"""tf.keras compiles binary cross entropy on a sigmoid that is reshaped, so that the loss is written
out: clipped probabilities, a small number in each logarithm, a mean by tf.size.
"""

from golden import *

rng = start(41)
keras = tf.keras
given = keras.Input((5,), name="given")
h = keras.layers.Dense(8, "tanh")(given)
out = keras.layers.Reshape((1,))(keras.layers.Dense(1, "sigmoid")(h))
net = keras.Model(given, out)
net.compile("adam", "binary_crossentropy")
net._make_train_function()
labels = net._targets[0]


def batch(n):
    x = rng.randn(n, 5).astype("float32")
    return {net.inputs[0]: x, labels: (x.sum(1, keepdims=True) > 0).astype("float32")}


write(
    "a compiled loss of tf.keras",
    "Exact continuation with BinaryCrossentropy and Adam.",
    net.inputs,
    net.outputs,
    net.train_function.updates_op,
    net.total_loss,
    batch,
)
