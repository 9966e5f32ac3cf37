"""placeholder of unknown rank: the image of a convolutional network (YOLOv3 as many repositories
train it), with a bool for training.

Right: a Keras model of one input [None, None, None, 3], batch and sizes open, the bool gone into
training=; 17 variables, all used.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, name="input_data")
train = tf.placeholder(tf.bool, name="training")


def conv(h, k, n, stride, name, last=False):
    with tf.variable_scope(name):
        w = var("weight", k, k, h.shape[-1].value or 3, n)
        if stride == 2:
            h = tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]])
        h = tf.nn.conv2d(h, w, [1, stride, stride, 1], "VALID" if stride == 2 else "SAME")
        if last:
            return tf.nn.bias_add(h, var("bias", n))
        return tf.nn.leaky_relu(tf.layers.batch_normalization(h, training=train), 0.1)


h = conv(x, 3, 8, 2, "conv0")
r = conv(conv(h, 1, 4, 1, "conv1"), 3, 8, 1, "conv2")
h = h + r
o = tf.identity(conv(h, 1, 6, 1, "conv_lobj", True), name="pred_lobj")
finish(
    [o],
    {x: R.rand(2, 32, 32, 3).astype("f")},
    {x: R.rand(1, 48, 64, 3).astype("f")},
    fixed={train: False},
)
