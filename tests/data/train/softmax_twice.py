"""A loss of logits is given probabilities: softmax is applied twice."""

from golden import *

rng = start(81)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "y")
h = tf.layers.dense(x, 9, tf.nn.tanh, name="h")
logits = tf.layers.dense(h, 3, name="logits")
prob = tf.nn.softmax(logits, name="prob")
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=prob))
train = tf.train.AdamOptimizer(0.02).minimize(loss)
plane = rng.randn(6, 3)


def batch(n):
    points = rng.randn(n, 6).astype("float32")
    return {x: points, y: np.eye(3)[(points @ plane).argmax(1)]}


write(
    "softmax applied twice",
    "Exact continuation: both softmaxes count, though Keras would undo one of them.",
    [x],
    [prob],
    train,
    loss,
    batch,
)
