"""DropoutWrapper(output_keep_prob=0.6), a constant, inside dynamic_rnn with lengths: the
checkpoint's only graph is the training graph.
"""

from golden import *

rng = start(49)
x = tf.placeholder(tf.float32, [None, None, 4], "frames")
n = tf.placeholder(tf.int32, [None], "lengths")
y = tf.placeholder(tf.float32, [None, 1], "event")
cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.LSTMCell(6), output_keep_prob=0.6, seed=3)
h, _ = tf.nn.dynamic_rnn(cell, x, sequence_length=n, dtype=tf.float32, scope="lstm")
logit = tf.layers.dense(tf.reduce_mean(h, 1), 1, name="out")
loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logit))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def batch(size):
    return {x: rng.randn(size, 7, 4), n: rng.randint(2, 8, size), y: rng.randint(0, 2, (size, 1))}


write(
    "dropout inside an RNN loop",
    "The output dropout (0.4, anew at every time step) is in the Keras model for training and off "
    "in predict, or a plain warning says that it is lost. The out_ values here are of the training "
    "graph, with its dropout: compare shapes only.",
    [x, n],
    [logit],
    train,
    loss,
    batch,
    size=8,
    extra={"random": True},
)
