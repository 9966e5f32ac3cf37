"""A tagger with a CRF: crf_log_likelihood with trained transitions over scores of each word,
reshaped flat and back (batch and time open); Viterbi outside.
"""

from golden import *

rng = start(9)
words = tf.placeholder(tf.int32, [None, None], "word_ids")
n = tf.placeholder(tf.int32, [None], "sequence_lengths")
tags = tf.placeholder(tf.int32, [None, None], "labels")
with tf.variable_scope("words"):
    table = tf.get_variable("_word_embeddings", [15, 5])
    e = tf.nn.embedding_lookup(table, words, name="word_embeddings")
with tf.variable_scope("proj"):
    w1, w2 = tf.get_variable("W1", [5, 6]), tf.get_variable("W", [6, 3])
    b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    flat = tf.matmul(tf.nn.tanh(tf.matmul(tf.reshape(e, [-1, 5]), w1)), w2) + b
    logits = tf.reshape(flat, [-1, tf.shape(words)[1], 3], name="logits")
likelihood, transitions = tf.contrib.crf.crf_log_likelihood(logits, tags, n)
loss = tf.reduce_mean(-likelihood)
train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)


def batch(size):
    return {
        words: rng.randint(1, 15, (size, 6)),
        n: rng.randint(2, 7, size),
        tags: rng.randint(0, 3, (size, 6)),
    }


write(
    "CRF tagger",
    "Output proj/logits:0 (not a tensor of the CRF's own recursion), any batch and length; the "
    "transitions are named as kept outside the model; training exact with a CRF loss, or a plain "
    "warning that the loss is not carried.",
    [words],
    [logits],
    train,
    loss,
    batch,
    size=5,
    sizes=(4, 2),
    strip=True,
)
