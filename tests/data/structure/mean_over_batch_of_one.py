"""a mean over the batch, which the placeholder fixes at 1.

Right: the batch stays 1: another one would mix its rows.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [1, 6], "x")
h = tf.matmul(x, var("a", 6, 5)) + var("b", 5)
m = tf.reduce_mean(h, 0, keepdims=True)
y = tf.matmul(tf.tanh(h) * m, var("w", 5, 2), name="y")
finish([y], {x: floats(1, 6)}, {x: floats(1, 6)})
