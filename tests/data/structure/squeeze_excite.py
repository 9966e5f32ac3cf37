"""squeeze and excite: global mean, two dense layers, reshape to [-1, 1, 1, channels], product.

Right: GlobalAveragePooling2D, Dense, Dense, Reshape, Multiply, in two blocks; batch open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 12, 12, 3], "image")
h = x
for i in range(2):
    with tf.variable_scope(f"block{i}"):
        h = tf.layers.conv2d(h, 8, 3, 1, "same", activation=tf.nn.relu, name="conv")
        s = tf.reduce_mean(h, [1, 2], name="squeeze")
        s = tf.layers.dense(s, 2, tf.nn.relu, name="fc1")
        s = tf.layers.dense(s, 8, tf.sigmoid, name="fc2")
        h = h * tf.reshape(s, [-1, 1, 1, 8])
o = tf.identity(
    tf.layers.dense(tf.layers.flatten(tf.layers.max_pooling2d(h, 4, 4)), 3, name="fc"), "logits"
)
finish([o], {x: floats(3, 12, 12, 3)}, {x: floats(5, 12, 12, 3)})
