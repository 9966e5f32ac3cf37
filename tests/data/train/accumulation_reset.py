"""sums that the first step of a round sets, clipped by their global norm, decaying rate."""

from golden import *

rng = start(61)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
step = tf.train.get_or_create_global_step()
rate = tf.train.exponential_decay(0.5, step, 2, 0.5)
optimizer = tf.train.MomentumOptimizer(rate, 0.9)
pairs = optimizer.compute_gradients(loss, gate_gradients=2)
with tf.variable_scope("sums", use_resource=True):
    count = tf.get_variable(
        "count", [], tf.int32, initializer=tf.zeros_initializer(), trainable=False
    )
    held = [
        tf.get_variable(v.op.name, v.shape, initializer=tf.zeros_initializer(), trainable=False)
        for _, v in pairs
    ]
begins = tf.equal(count % 3, 0)
counted = tf.cond(begins, lambda: count.assign(1), lambda: count.assign_add(1))
summed = tf.cond(
    begins,
    lambda: [a.assign(g) for a, (g, _) in zip(held, pairs)],
    lambda: [a.assign_add(g) for a, (g, _) in zip(held, pairs)],
)


def apply():
    clipped, _ = tf.clip_by_global_norm(summed, 0.8)
    return optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), global_step=step)


train = tf.cond(tf.equal(counted % 3, 0), apply, lambda: tf.no_op())
write(
    "gradient accumulation",
    "Exact continuation: gradient_accumulation_steps=3, in the middle of a round, with the sums "
    "of the gradients (not their means) clipped, and a rate that decays by updates.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
    before=11,
)
