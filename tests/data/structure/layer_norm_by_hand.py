"""layer norm written out with reduce_mean and square, gamma and beta.

Right: LayerNormalization(epsilon=1e-6), two of them.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 5, 8], "x")


def norm(h, name):
    with tf.variable_scope(name):
        m = tf.reduce_mean(h, -1, keepdims=True)
        v = tf.reduce_mean(tf.square(h - m), -1, keepdims=True)
        return var("gamma", 8) * ((h - m) / tf.sqrt(v + 1e-6)) + var("beta", 8)


h = norm(x + tf.layers.dense(x, 8, tf.nn.relu, name="a"), "ln1")
h = norm(h + tf.layers.dense(h, 8, tf.nn.relu, name="b"), "ln2")
o = tf.identity(h, "out")
finish([o], {x: floats(3, 5, 8)}, {x: floats(6, 5, 8)})
