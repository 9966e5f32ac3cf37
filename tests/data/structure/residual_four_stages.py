"""residual network of four stages of two blocks, widths doubling, projection on the first block of
a stage.

Right: a function of (x, filters, strides, name), called for each block; batch open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 32, 32, 3], name="images")


def conv(h, n, k, s, name):
    return tf.layers.conv2d(h, n, k, s, "same", use_bias=False, name=name)


def bn(h, name):
    return tf.layers.batch_normalization(h, momentum=0.9, epsilon=1e-5, name=name)


h = tf.nn.relu(bn(conv(x, 4, 3, 1, "conv0"), "bn0"))
for s, n in enumerate((4, 6, 8, 12)):
    for b in range(2):
        with tf.variable_scope(f"stage{s + 1}/unit{b + 1}"):
            d = 2 if s and not b else 1
            short = (
                h
                if h.shape[-1].value == n and d == 1
                else bn(conv(h, n, 1, d, "shortcut"), "bn_shortcut")
            )
            r = tf.nn.relu(bn(conv(h, n, 3, d, "conv1"), "bn1"))
            h = tf.nn.relu(short + bn(conv(r, n, 3, 1, "conv2"), "bn2"))
y = tf.identity(tf.layers.dense(tf.reduce_mean(h, [1, 2]), 5, name="fc"), "logits")
finish([y], {x: floats(2, 32, 32, 3)}, {x: floats(3, 32, 32, 3)})
