"""LazyAdamOptimizer of tf.contrib: rows that a batch does not name keep weights and moments.

One table is a reference variable, the other a resource; words occur twice in a batch.
"""

from golden import *

rng = start(73)
words = tf.placeholder(tf.int32, [None, 5], "words")
user = tf.placeholder(tf.int32, [None], "user")
labels = tf.placeholder(tf.int64, [None], "labels")
table = tf.get_variable("words_table", [40, 6], use_resource=False)
users = tf.get_variable("users_table", [30, 6], use_resource=True)
read = tf.reduce_mean(tf.nn.embedding_lookup(table, words), 1)
h = tf.concat([read, tf.nn.embedding_lookup(users, user)], 1)
logits = tf.layers.dense(tf.layers.dense(h, 8, tf.nn.tanh, name="deep"), 3, name="score")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
optimizer = tf.contrib.opt.LazyAdamOptimizer(0.02, beta2=0.99)
train = optimizer.minimize(loss, gate_gradients=optimizer.GATE_GRAPH, name="train")


def batch(n):
    x = (rng.rand(n, 5) ** 2 * 40).astype("int32")
    return {words: x, user: rng.randint(0, 30, n), labels: x[:, 0] % 3}


write(
    "Adam that changes named rows alone",
    "Exact continuation with LazyAdam; the moments of other rows stay.",
    [words, user],
    [logits],
    train,
    loss,
    batch,
)
