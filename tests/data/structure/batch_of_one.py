"""batch of 1 fixed by the placeholder, flattened by reshape(h, [1, -1]).

Right: the batch is open; Flatten.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [1, 12, 12, 3], name="frame")
h = tf.nn.max_pool(
    tf.nn.relu(tf.nn.conv2d(x, var("k1", 3, 3, 3, 6), [1, 1, 1, 1], "SAME") + var("b1", 6)),
    [1, 2, 2, 1],
    [1, 2, 2, 1],
    "SAME",
)
h = tf.reshape(h, [1, -1])
y = tf.tanh(tf.matmul(h, var("w", 216, 4)) + var("b", 4), name="steering")
finish([y], {x: R.rand(1, 12, 12, 3).astype("f")}, {x: R.rand(5, 12, 12, 3).astype("f")}, rows=1)
