"""rows of dynamic_rnn's outputs into one matrix, then back by reshape [batch, -1, classes] and
time-major (CTC tutorial).

Right: inputs [None, None, 6] and lengths [None]; Dense over the sequence; the transpose stays, or
is noted.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, 6], "features")
n = tf.placeholder(tf.int32, [None], "seq_len")
h, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(7), x, n, dtype=tf.float32)
z = tf.matmul(tf.reshape(h, [-1, 7]), var("W", 7, 5)) + var("b", 5)
o = tf.transpose(tf.reshape(z, [tf.shape(x)[0], -1, 5]), (1, 0, 2), name="logits")
finish(
    [o],
    {x: floats(4, 9, 6), n: np.array([9, 4, 6, 1])},
    {x: floats(2, 12, 6), n: np.array([5, 12])},
)
