"""Two heads with one loss (words and next sentence, as in BERT's pre-training), log-softmax and
one-hot by hand.
"""

from golden import *

rng = start(58)
x = tf.placeholder(tf.float32, [None, 5], "x")
word, following = tf.placeholder(tf.int32, [None], "word"), tf.placeholder(tf.int32, [None], "next")
h = tf.layers.dense(x, 8, tf.nn.relu, name="body")
loss, heads = 0.0, []
for name, label, width in (("words", word, 6), ("follows", following, 2)):
    with tf.variable_scope("cls/" + name):
        w = tf.get_variable("output_weights", [width, 8])
        b = tf.get_variable("output_bias", [width], initializer=tf.zeros_initializer())
        logits = tf.nn.bias_add(tf.matmul(h, w, transpose_b=True), b)
        log_p = tf.nn.log_softmax(logits, name="log_p")
    heads.append(log_p)
    loss += tf.reduce_mean(-tf.reduce_sum(tf.one_hot(label, width) * log_p, -1))
train = tf.train.AdamOptimizer(0.01).minimize(loss)
loss = tf.identity(loss, "both")


def batch(n):
    v = rng.randn(n, 5).astype("float32")
    return {x: v, word: v.argmax(1), following: v[:, 0] > 0}


write(
    "two heads with one loss",
    "Both heads are outputs; exact continuation with the sum of the two cross-entropies.",
    [x],
    heads,
    train,
    loss,
    batch,
)
