"""The sign of the gradient is applied (signSGD)."""

from golden import *

rng = start(37)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.GradientDescentOptimizer(0.01)
train = optimizer.apply_gradients([(tf.sign(g), v) for g, v in optimizer.compute_gradients(loss)])
write(
    "sign of gradients",
    "Exact continuation with the sign taken, or a plain warning that the gradients' sign is "
    "applied.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
