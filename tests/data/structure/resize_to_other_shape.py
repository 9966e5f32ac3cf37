"""resize to sizes read from another tensor's shape (feature pyramid).

Right: input [None, None, None, 3], sizes open; resize to the other tensor's own sizes (or
UpSampling2D where that is the same).
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, None, 3], "image")


def conv(h, n, k, s, name, act=tf.nn.relu):
    return tf.layers.conv2d(h, n, k, s, "same", activation=act, name=name)


c2 = conv(x, 6, 3, 2, "c2")
c3 = conv(c2, 8, 3, 2, "c3")
c4 = conv(c3, 8, 3, 2, "c4")
p = conv(c4, 5, 1, 1, "p4", None)
for name, c in (("p3", c3), ("p2", c2)):
    p = conv(c, 5, 1, 1, name + "_lateral", None) + tf.image.resize_bilinear(p, tf.shape(c)[1:3])
o = tf.identity(conv(p, 2, 3, 1, "head", None), "output")
finish([o], {x: R.rand(2, 32, 32, 3).astype("f")}, {x: R.rand(1, 44, 36, 3).astype("f")})
