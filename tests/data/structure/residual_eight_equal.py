"""eight equal residual blocks in a loop.

Right: model.py has a function or a loop for the block, called eight times; names block0 … block7
stay.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = h = tf.placeholder(tf.float32, [None, 8, 8, 6], name="image")
for i in range(8):
    with tf.variable_scope(f"block{i}"):
        r = tf.layers.conv2d(h, 6, 3, padding="same", use_bias=False, name="conv1")
        r = tf.nn.relu(tf.layers.batch_normalization(r, name="bn1"))
        r = tf.layers.conv2d(r, 6, 3, padding="same", use_bias=False, name="conv2")
        h = tf.nn.relu(h + tf.layers.batch_normalization(r, name="bn2"))
y = tf.identity(tf.layers.dense(tf.reduce_mean(h, [1, 2]), 5, name="fc"), "logits")
finish([y], {x: floats(2, 8, 8, 6)}, {x: floats(5, 8, 8, 6)})
