"""A loss of each example is minimized: TensorFlow 1 adds them up."""

from golden import *

rng = start(80)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "y")
h = tf.layers.dense(x, 9, tf.nn.tanh, name="h")
logits = tf.layers.dense(h, 3, name="logits")
each = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
train = tf.train.AdamOptimizer(0.02).minimize(each)
plane = rng.randn(6, 3)


def batch(n):
    points = rng.randn(n, 6).astype("float32")
    return {x: points, y: np.eye(3)[(points @ plane).argmax(1)]}


write(
    "a loss without a reduction",
    "Exact continuation with the sum over the batch.",
    [x],
    [logits],
    train,
    tf.reduce_sum(each),
    batch,
)
