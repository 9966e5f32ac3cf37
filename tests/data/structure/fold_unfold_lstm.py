"""two dynamic dimensions folded into one for an RNN and unfolded again (characters of words).

Right: inputs char_ids [None, None, None] and word_lengths [None, None]; TimeDistributed or reshape,
all sizes open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

ids = tf.placeholder(tf.int32, [None, None, None], "char_ids")
n = tf.placeholder(tf.int32, [None, None], "word_lengths")
e = tf.gather(var("chars", 9, 4), ids)
z = tf.shape(e)
_, st = tf.nn.dynamic_rnn(
    tf.nn.rnn_cell.LSTMCell(5),
    tf.reshape(e, [z[0] * z[1], z[-2], 4]),
    tf.reshape(n, [z[0] * z[1]]),
    dtype=tf.float32,
)
o = tf.identity(tf.layers.dense(tf.reshape(st.h, [z[0], z[1], 5]), 3, name="dense"), "out")
finish(
    [o],
    {ids: R.randint(0, 9, (2, 3, 5)), n: R.randint(1, 6, (2, 3))},
    {ids: R.randint(0, 9, (3, 2, 7)), n: R.randint(1, 8, (3, 2))},
)
