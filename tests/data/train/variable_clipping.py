"""Tf.contrib.opt.VariableClippingOptimizer over Adam: one kernel's columns are clipped after each
step.
"""

from golden import *

rng = start(43)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
kernel = tf.trainable_variables("h/kernel")[0]
inner = tf.train.AdamOptimizer(0.01)
optimizer = tf.contrib.opt.VariableClippingOptimizer(inner, {kernel: [0]}, 0.5)
train = optimizer.minimize(loss, tf.train.get_or_create_global_step())
write(
    "VariableClippingOptimizer",
    "Exact continuation: MaxNorm(0.5, axis=0) on h/kernel alone, or a plain warning; verify "
    "--train must run the outer op.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
