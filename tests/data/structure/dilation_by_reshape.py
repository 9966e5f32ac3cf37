"""dilated causal convolution by Pad and reshape (WaveNet), length dynamic.

Right: Conv1D(dilation_rate=1, 2, 4), input [None, None, 1], batch and length open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, 1], "wave")


def dilated(v, w, d):
    if d > 1:
        s = tf.shape(v)
        v = tf.pad(v, [[0, 0], [0, d - 1 - (s[1] + d - 1) % d], [0, 0]])
        v = tf.reshape(tf.transpose(tf.reshape(v, [-1, d, s[2]]), [1, 0, 2]), [s[0] * d, -1, s[2]])
    c = tf.nn.conv1d(v, w, 1, "VALID")
    if d > 1:
        s2 = tf.shape(c)
        c = tf.reshape(
            tf.transpose(tf.reshape(c, [d, -1, s2[2]]), [1, 0, 2]), [tf.div(s2[0], d), -1, s2[2]]
        )
        c = tf.slice(c, [0, 0, 0], [-1, s[1] - (2 - 1) * d, -1])
    return c


h = tf.nn.conv1d(tf.pad(x, [[0, 0], [1, 0], [0, 0]]), var("causal", 2, 1, 6), 1, "VALID")
for d in (1, 2, 4):
    with tf.variable_scope(f"dilated{d}"):
        f, g = dilated(h, var("filter", 2, 6, 6), d), dilated(h, var("gate", 2, 6, 6), d)
        z = tf.nn.conv1d(tf.tanh(f) * tf.sigmoid(g), var("dense", 1, 6, 6), 1, "SAME")
        h = tf.slice(h, [0, tf.shape(h)[1] - tf.shape(z)[1], 0], [-1, -1, -1]) + z
o = tf.identity(tf.nn.conv1d(tf.nn.relu(h), var("post", 1, 6, 4), 1, "SAME"), "output")
finish([o], {x: floats(2, 20, 1)}, {x: floats(3, 31, 1)})
