"""CTC loss on the time-major logits of two LSTM layers under dynamic_rnn with lengths; reshape to
[batch, -1, classes].
"""

from golden import *

rng = start(13)
x = tf.placeholder(tf.float32, [None, None, 4], "features")
n = tf.placeholder(tf.int32, [None], "seq_len")
y = tf.sparse_placeholder(tf.int32, name="targets")
cell = tf.nn.rnn_cell.BasicLSTMCell(6)
h, _ = tf.nn.dynamic_rnn(cell, x, n, dtype=tf.float32)
w = tf.Variable(tf.truncated_normal([6, 5], stddev=0.3), name="W")
b = tf.Variable(tf.zeros([5]), name="b")
flat = tf.matmul(tf.reshape(h, [-1, 6]), w) + b
logits = tf.transpose(tf.reshape(flat, [tf.shape(x)[0], -1, 5]), [1, 0, 2], name="logits")
loss = tf.reduce_mean(tf.nn.ctc_loss(y, logits, n))
train = tf.train.MomentumOptimizer(0.005, 0.9).minimize(loss)
decoded, _ = tf.nn.ctc_greedy_decoder(logits, n)


def batch(size):
    pairs = [[i, j] for i in range(size) for j in range(2)]
    return {
        x: rng.randn(size, 9, 4),
        n: rng.randint(6, 10, size),
        y.indices: pairs,
        y.values: rng.randint(0, 4, len(pairs)),
        y.dense_shape: [size, 2],
    }


write(
    "CTC loss on dynamic_rnn",
    "Forward exact, (time, batch, 5) at any batch and length. Training exact with ctc_loss (blank "
    "last), or a plain warning that the loss over sparse labels is not carried; no crash.",
    [x, n],
    [logits],
    train,
    loss,
    batch,
    size=4,
    sizes=(5, 3),
)
