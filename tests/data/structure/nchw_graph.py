"""channels first (NCHW) convolution, bias and pooling, fed NCHW.

Right: converts on a CPU: channels_last layers between two Permutes, or data_format="channels_first"
said; kernels unchanged; flatten order right.
"""

from golden import *

describe(__doc__, expect_outcome="keras")


def net(f):
    x = tf.placeholder(tf.float32, [None, 3, 12, 12], "image" if f == "NCHW" else "check")
    h = x if f == "NCHW" else tf.transpose(x, [0, 2, 3, 1])
    s = (lambda n: [1, 1, n, n]) if f == "NCHW" else (lambda n: [1, n, n, 1])
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        h = tf.nn.conv2d(h, var("k1", 3, 3, 3, 6), s(1), "SAME", data_format=f)
        h = tf.nn.relu(tf.nn.bias_add(h, var("b1", 6), data_format=f))
        h = tf.nn.max_pool(h, s(2), s(2), "VALID", data_format=f)
        h = tf.nn.conv2d(h, var("k2", 3, 3, 6, 5), s(1), "SAME", data_format=f)
        if f == "NHWC":
            h = tf.transpose(h, [0, 3, 1, 2])
        return x, tf.add(
            tf.matmul(tf.reshape(tf.nn.relu(h), [-1, 180]), var("w", 180, 4)),
            var("b", 4),
            name="logits",
        )


x, o = net("NCHW")
s = session()
start(s)
checkpoint(s)  # the check graph comes after the save
y, p = net("NHWC")
a, b = floats(3, 3, 12, 12), floats(5, 3, 12, 12)


class Twin:  # a CPU has no NCHW convolution: the numbers are those of the same network in NHWC
    def run(self, outs, f):
        return s.run([p], {y: f[x]})


record(Twin(), [o], {x: a}, {x: b})
