"""No .meta at all: a tanh network whose names and shapes look like a ReLU MLP of tf.layers."""

from golden import *

rng = start(60)
x, y = tf.placeholder(tf.float32, [None, 8], "x"), tf.placeholder(tf.int32, [None], "y")
h = tf.layers.dense(x, 10, tf.nn.tanh, name="dense")
h = tf.layers.dense(h, 10, tf.nn.tanh, name="dense_1")
logits = tf.layers.dense(h, 3, name="dense_2")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
train = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_or_create_global_step())
write(
    "no graph: activations unknown",
    "Weights, or a model that says its activations are guesses; parity is 'not run', never pass: "
    "with ReLU the answers here are far off.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 8, 3),
    meta=False,
)
