"""A CRF over sequences of a fixed length, with resource variables; the words are the only input,
and the lengths are counted in the graph: words of 0 are padding.
"""

from golden import *

rng = start(63)
words = tf.placeholder(tf.int32, [None, 7], "words")
tags = tf.placeholder(tf.int32, [None, 7], "tags")
with tf.variable_scope("net", use_resource=True):
    table = tf.get_variable("table", [12, 5])
    h = tf.layers.dense(tf.nn.embedding_lookup(table, words), 6, tf.nn.tanh, name="h")
    logits = tf.layers.dense(h, 4, name="scores")
    n = tf.reduce_sum(tf.cast(tf.not_equal(words, 0), tf.int32), 1)
    likelihood, transitions = tf.contrib.crf.crf_log_likelihood(logits, tags, n)
loss = -tf.reduce_mean(likelihood)
train = tf.train.AdamOptimizer(0.02).minimize(loss)


def batch(size):
    given = rng.randint(1, 12, (size, 7))
    given[np.arange(7) >= rng.randint(1, 8, size)[:, None]] = 0
    return {words: given, tags: rng.randint(0, 4, (size, 7))}


write(
    "CRF of a fixed length",
    "The scores are the output; the transitions are a weight of the model; training exact.",
    [words],
    [logits],
    train,
    loss,
    batch,
    size=6,
    sizes=(4, 2),
)
