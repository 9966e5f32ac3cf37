"""softmax written out: exp of the difference to the maximum, over its sum; once over the sequence
(attention pooling) and once over classes.

Right: keras Softmax(axis=1) and softmax of the last Dense.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 9, 6], "x")


def softmax(z, axis):
    e = tf.exp(z - tf.reduce_max(z, axis, keepdims=True))
    return e / tf.reduce_sum(e, axis, keepdims=True)


a = softmax(
    tf.layers.dense(tf.layers.dense(x, 5, tf.tanh, name="u"), 1, use_bias=False, name="v"), 1
)
o = tf.identity(softmax(tf.layers.dense(tf.reduce_sum(a * x, 1), 3, name="c"), -1), "probabilities")
finish([o], {x: floats(4, 9, 6)}, {x: floats(7, 9, 6)})
