"""placeholder of unknown rank: rows of a feature table into MatMul.

Right: a Keras model of one input [None, 6]; the width is that of the first kernel.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, name="features")
keep = tf.placeholder(tf.float32, name="keep_prob")
h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, var("w1", 6, 9)) + var("b1", 9)), keep)
y = tf.add(tf.matmul(h, var("w2", 9, 3)), var("b2", 3), name="scores")
finish([y], {x: floats(4, 6)}, {x: floats(9, 6)}, fixed={keep: 1.0})
