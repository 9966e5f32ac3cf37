"""dropout without a switch in the only graph there is.

Right: it says that the program draws in use too.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 6], "x")
h = tf.nn.relu(tf.matmul(x, var("a", 6, 5)) + var("b", 5))
z = tf.matmul(tf.nn.dropout(h, 0.999999), var("w", 5, 2), name="y")
finish([z], {x: floats(4, 6)}, {x: floats(7, 6)})
