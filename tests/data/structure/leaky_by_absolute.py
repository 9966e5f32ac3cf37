"""leaky ReLU as 0.6 x + 0.4 |x| (pix2pix).

Right: LeakyReLU(0.2) after each convolution; no arithmetic left.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 16, 16, 3], "image")


def lrelu(h, a):
    with tf.name_scope("lrelu"):
        h = tf.identity(h)
        return (0.5 * (1 + a)) * h + (0.5 * (1 - a)) * tf.abs(h)


h = x
for i, n in enumerate((6, 8)):
    h = lrelu(tf.layers.conv2d(h, n, 4, 2, "same", name=f"layer_{i + 1}"), 0.2)
o = tf.sigmoid(tf.layers.conv2d(h, 1, 4, 1, "same", name="layer_3"), name="predict_real")
finish([o], {x: floats(2, 16, 16, 3)}, {x: floats(3, 16, 16, 3)})
