"""instance norm written out with tf.nn.moments over the image (CycleGAN), sizes open.

Right: one layer that normalizes each channel of each image (GroupNormalization with groups =
channels), epsilon 1e-5; input [None, None, None, 3].
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, None, 3], "image")


def norm(h, name):
    with tf.variable_scope(name):
        n = h.shape[-1].value
        m, v = tf.nn.moments(h, [1, 2], keep_dims=True)
        return var("scale", n) * ((h - m) * tf.rsqrt(v + 1e-5)) + var("offset", n)


h = tf.nn.relu(norm(tf.layers.conv2d(x, 6, 3, 1, "same", use_bias=False, name="c1"), "n1"))
h = tf.nn.relu(norm(tf.layers.conv2d(h, 8, 3, 2, "same", use_bias=False, name="c2"), "n2"))
o = tf.tanh(tf.layers.conv2d(h, 3, 3, 1, "same", name="c3"), name="output")
finish([o], {x: floats(2, 16, 16, 3)}, {x: floats(1, 20, 28, 3)})
