"""tf.keras layers with constraints on their kernels, trained by an optimizer of tf.keras"""

from golden import *

rng = start(61)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
K = tf.keras
hidden = K.layers.Dense(
    8, "tanh", kernel_constraint=K.constraints.MaxNorm(0.7, axis=0), name="hidden"
)
last = K.layers.Dense(3, kernel_constraint=K.constraints.NonNeg(), name="last")
logits = tf.identity(last(hidden(x)), "logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
weights = hidden.trainable_weights + last.trainable_weights
updates = K.optimizers.SGD(0.3).get_updates(loss, weights)
train = tf.group(*updates, name="train")
write(
    "constraints of tf.keras on kernels",
    "Exact continuation with constraints, or a plain warning that names them.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
