"""Decoupled weight decay: tf.contrib.opt.AdamWOptimizer."""

from golden import *

rng = start(35)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.contrib.opt.AdamWOptimizer(weight_decay=0.02, learning_rate=0.01)
pairs = optimizer.compute_gradients(loss)
with tf.control_dependencies([g for g, _ in pairs]):  # without it the decay races the gradients
    train = optimizer.apply_gradients(pairs, tf.train.get_or_create_global_step())
write(
    "decoupled decay",
    "Exact continuation: v -= 0.02 v besides Adam's step; Keras's AdamW decays by rate x "
    "weight_decay, hence weight_decay=2.0. Or a plain warning.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
