"""The loss is scaled by 128 and the gradients divided by 128 before they are applied (static loss
scale, all float32).
"""

from golden import *

rng = start(10)
x, y = tf.placeholder(tf.float32, [None, 10], "x"), tf.placeholder(tf.int64, [None], "y")
with tf.variable_scope("model"):
    h = x
    for i in range(2):
        w = tf.get_variable(f"w{i}", [int(h.shape[-1]), 12])
        b = tf.get_variable(f"b{i}", [12], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.nn.bias_add(tf.matmul(h, w), b))
    w = tf.get_variable("wo", [12, 5])
    b = tf.get_variable("bo", [5], initializer=tf.zeros_initializer())
    logits = tf.nn.bias_add(tf.matmul(h, w), b, name="logits")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
pairs = [(g / 128.0, v) for g, v in optimizer.compute_gradients(loss * 128.0)]
train = optimizer.apply_gradients(pairs, tf.train.get_or_create_global_step())
write(
    "loss scaled and gradients divided",
    "Exact continuation: scale and divisor cancel, so plain SGD(0.05, momentum 0.9) with the "
    "loss unscaled (no loss_weights).",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 10, 5),
)
