"""swish and hard swish written out (MobileNet v3).

Right: keras.activations.silu and keras.activations.hard_silu (hard_swish); no arithmetic left.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 12, 12, 3], "image")
h = tf.layers.conv2d(x, 6, 3, 2, "same", name="a")
h = h * tf.nn.sigmoid(h)
h = tf.layers.conv2d(h, 8, 3, 1, "same", name="b")
h = h * tf.nn.relu6(h + 3.0) / 6.0
o = tf.identity(tf.layers.dense(tf.reduce_mean(h, [1, 2]), 4, name="c"), "logits")
finish([o], {x: 2 * floats(3, 12, 12, 3)}, {x: 2 * floats(5, 12, 12, 3)})
