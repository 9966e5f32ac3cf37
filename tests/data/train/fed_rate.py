"""The learning rate and keep_prob are placeholders: no checkpoint holds them."""

from golden import *

rng = start(50)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
rate, keep = tf.placeholder(tf.float32, [], "lr"), tf.placeholder(tf.float32, [], "keep_prob")
h = tf.nn.dropout(tf.layers.dense(x, 10, tf.nn.relu, name="h"), keep, seed=1)
logits = tf.layers.dense(h, 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
train = tf.train.GradientDescentOptimizer(rate).minimize(loss)
points = classes(rng, x, y, 6, 3)
count = [0]


def batch(n):
    count[0] += 1
    return {**points(n), rate: 0.7 if count[0] < 15 else 0.35, keep: 1.0}


write(
    "fed learning rate and keep_prob",
    "It says plainly that the program feeds rate and keep_prob, so that the values in the model "
    "are assumptions to be set (never 'what it is at the checkpoint'). With the rate set to what "
    "feed_K_lr:0 says and no dropout the losses continue exactly.",
    [x],
    [logits],
    train,
    loss,
    batch,
    inference={keep: 1.0},
)
