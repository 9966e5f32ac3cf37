"""Gradients multiplied per variable (slim.learning.multiply_gradients): last layer x10, biases x2,
momentum.
"""

from golden import *

rng = start(31)
slim = tf.contrib.slim
x, y = tf.placeholder(tf.float32, [None, 10], "x"), tf.placeholder(tf.int64, [None], "y")
h = slim.fully_connected(x, 12, scope="backbone")
scores = tf.identity(slim.fully_connected(h, 4, activation_fn=None, scope="logits"), "scores")
tf.losses.sparse_softmax_cross_entropy(y, scores)
loss = tf.losses.get_total_loss()
optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
pairs = optimizer.compute_gradients(loss)
factors = {}
for _, v in pairs:
    factor = 10.0 if v.op.name.startswith("logits") else 1.0
    factor *= 2.0 if v.op.name.endswith("biases") else 1.0
    if factor != 1.0:
        factors[v] = factor
pairs = slim.learning.multiply_gradients(pairs, factors)
train = optimizer.apply_gradients(pairs, tf.train.get_or_create_global_step())
write(
    "per-variable gradient multipliers",
    "Exact continuation (each variable at its own multiple of the gradient), or a plain warning "
    "that names the multiplied variables and their factors.",
    [x],
    [scores],
    train,
    loss,
    classes(rng, x, y, 10, 4),
)
