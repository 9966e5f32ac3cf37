"""three towers over slices of a fixed batch, sums of gradients, losses with a penalty."""

from golden import *

rng = start(71)
x, y = tf.placeholder(tf.float32, [12, 6], "x"), tf.placeholder(tf.float32, [12, 2], "y")
optimizer = tf.train.AdagradOptimizer(0.1)
step = tf.train.get_or_create_global_step()
grads_of, losses, outs = [], [], []
for i in range(3):
    with tf.name_scope(f"gpu_{i}"), tf.variable_scope("net", reuse=i > 0):
        part, wanted = x[i * 4 : (i + 1) * 4], y[i * 4 : (i + 1) * 4]
        w = tf.get_variable("w", [6, 7])
        h = tf.nn.tanh(tf.matmul(part, w))
        outs.append(tf.layers.dense(h, 2, name="out"))
        error = tf.reduce_mean(tf.square(outs[-1] - wanted)) + 0.01 * tf.nn.l2_loss(w)
        losses.append(error)
        grads_of.append(optimizer.compute_gradients(error))
summed = [(tf.add_n([g for g, _ in pairs]), pairs[0][1]) for pairs in zip(*grads_of)]
train = optimizer.apply_gradients(summed, step)
loss = tf.reduce_mean(losses)


def batch(n):
    points = rng.randn(12, 6).astype("float32")
    return {x: points, y: points[:, :2] ** 2}


write(
    "towers over slices",
    "One tower is the model: its input is a part of the batch. Exact continuation with three "
    "times the gradient of the mean of the towers' losses.",
    [x],
    [outs[0]],
    train,
    loss,
    batch,
    sizes=(12, 12),
)
