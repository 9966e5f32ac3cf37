"""Gradients clipped by tf.clip_by_average_norm."""

from golden import *

rng = start(40)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.GradientDescentOptimizer(0.5)
pairs = [(tf.clip_by_average_norm(g, 0.002), v) for g, v in optimizer.compute_gradients(loss)]
train = optimizer.apply_gradients(pairs)
write(
    "clip by average norm",
    "Exact continuation: the average norm is the norm over the number of elements, so each "
    "variable is clipped to 0.002 x its size (one clipnorm does not do it); or a plain warning.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
