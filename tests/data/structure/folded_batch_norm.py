"""batch norm by arithmetic: minus mean, over sqrt(variance) + epsilon outside the root, times
gamma, then bias (darkflow), frozen.

Right: Conv2D and BatchNormalization (or one Scale layer) with ZeroPadding2D and LeakyReLU(0.1); no
chain of arithmetic.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = h = tf.placeholder(tf.float32, [None, 16, 16, 3], "input")
for i, n in enumerate([6, 8]):
    with tf.variable_scope(f"{i}-convolutional"):
        k = var("kernel", 3, 3, h.shape[-1].value, n)
        h = tf.nn.conv2d(tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]]), k, [1, 1, 1, 1], "VALID")
        h = (
            (h - var("moving_mean", n))
            / (tf.sqrt(var("moving_variance", n)) + 1e-5)
            * var("gamma", n)
        )
        h = tf.nn.bias_add(h, var("biases", n))
        h = tf.maximum(0.1 * h, h)
        h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
o = tf.identity(tf.nn.conv2d(h, var("det", 1, 1, 8, 5), [1, 1, 1, 1], "SAME"), "output")
with session() as s:
    start(s)
    frozen(s, [o])
    record(s, [o], {x: floats(2, 16, 16, 3)}, {x: floats(5, 16, 16, 3)})
