"""several outputs of which some are state: a streaming RNN takes its state and gives it back.

Right: inputs chunk, c_in, h_in and outputs prob, c_out, h_out: the state is not cut off nor set to
zero; batch and length open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, 5], "chunk")
c = tf.placeholder(tf.float32, [None, 6], "c_in")
h = tf.placeholder(tf.float32, [None, 6], "h_in")
y, st = tf.nn.dynamic_rnn(
    tf.nn.rnn_cell.LSTMCell(6, name="cell"), x, initial_state=tf.nn.rnn_cell.LSTMStateTuple(c, h)
)
p = tf.nn.softmax(tf.layers.dense(y, 4, name="dense"), name="prob")
co = tf.identity(st.c, "c_out")
ho = tf.identity(st.h, "h_out")
finish(
    [p, co, ho],
    {x: floats(2, 6, 5), c: floats(2, 6), h: floats(2, 6)},
    {x: floats(3, 9, 5), c: floats(3, 6), h: floats(3, 6)},
)
