"""Centralised gradients: the mean over all but the last axis leaves each kernel's gradient."""

from golden import *

rng = start(38)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.GradientDescentOptimizer(0.1)
pairs = [
    (g - tf.reduce_mean(g, 0, keepdims=True) if g.shape.ndims == 2 else g, v)
    for g, v in optimizer.compute_gradients(loss)
]
train = optimizer.apply_gradients(pairs)
write(
    "centralised gradients",
    "Exact continuation with the means taken out, or a plain warning that the gradients of "
    "h/kernel and logits/kernel are centralised.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
