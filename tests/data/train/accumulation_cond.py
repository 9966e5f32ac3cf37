"""Gradients accumulated in variables, applied every 4 steps in tf.cond, then zeroed."""

from golden import *

rng = start(47)
x, y = tf.placeholder(tf.float32, [None, 8], "x"), tf.placeholder(tf.float32, [None, 1], "y")
out = tf.layers.dense(tf.layers.dense(x, 8, tf.nn.tanh, name="h"), 1, name="o")
loss = tf.reduce_mean(tf.square(out - y))
optimizer, step = tf.train.AdamOptimizer(0.02), tf.train.get_or_create_global_step()
pairs = optimizer.compute_gradients(loss)
held = [
    tf.Variable(tf.zeros(v.shape), trainable=False, name=v.op.name + "/accum") for _, v in pairs
]
with tf.control_dependencies([a.assign_add(g / 4.0) for a, (g, _) in zip(held, pairs)]):
    counted = tf.assign_add(step, 1)


def apply():
    done = optimizer.apply_gradients([(a.read_value(), v) for a, (_, v) in zip(held, pairs)])
    with tf.control_dependencies([done]):
        return tf.group(*[a.assign(tf.zeros(a.shape)) for a in held])


with tf.control_dependencies([counted]):
    train = tf.cond(tf.equal(counted % 4, 0), apply, tf.no_op)


def batch(n):
    points = rng.randn(n, 8).astype("float32")
    return {x: points, y: points[:, :1] * 2 + points[:, 1:2]}


write(
    "gradient accumulation",
    "Exact continuation: gradient_accumulation_steps=4 with the accumulators (saved in the middle "
    "of a round: 2 of 4) carried, MeanSquaredError; or a plain warning. The accumulators are no "
    "weights.",
    [x],
    [out],
    train,
    loss,
    batch,
    before=18,
)
