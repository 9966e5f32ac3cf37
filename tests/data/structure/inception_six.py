"""six Inception modules of four branches each, in scopes.

Right: a function inception(x, filters, name), called six times; names of the scopes stay.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

slim = tf.contrib.slim
x = h = tf.placeholder(tf.float32, [None, 16, 16, 3], name="input")
with slim.arg_scope([slim.conv2d, slim.max_pool2d], stride=1, padding="SAME"):
    for i in range(6):
        with tf.variable_scope(f"Mixed_{i}"):
            with tf.variable_scope("Branch_0"):
                a = slim.conv2d(h, 3, 1, scope="Conv2d_0a_1x1")
            with tf.variable_scope("Branch_1"):
                b = slim.conv2d(
                    slim.conv2d(h, 3, 1, scope="Conv2d_0a_1x1"), 4, 3, scope="Conv2d_0b_3x3"
                )
            with tf.variable_scope("Branch_2"):
                c = slim.conv2d(
                    slim.conv2d(h, 2, 1, scope="Conv2d_0a_1x1"), 2, 3, scope="Conv2d_0b_3x3"
                )
            with tf.variable_scope("Branch_3"):
                d = slim.conv2d(
                    slim.max_pool2d(h, 3, scope="MaxPool_0a_3x3"), 2, 1, scope="Conv2d_0b_1x1"
                )
            h = tf.concat([a, b, c, d], 3)
y = tf.squeeze(
    slim.conv2d(slim.avg_pool2d(h, 16), 5, 1, activation_fn=None, scope="Logits"),
    [1, 2],
    name="logits",
)
finish([y], {x: floats(2, 16, 16, 3)}, {x: floats(3, 16, 16, 3)})
