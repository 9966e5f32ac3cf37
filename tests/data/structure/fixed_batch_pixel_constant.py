"""batch fixed by the placeholder, and a pixel constant that is a multiple of it.

Right: the batch is open (input [None, 16, 16, 3]): 128 is a pixel value here, not four batches.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [32, 16, 16, 3], name="image")
h = tf.nn.relu(tf.layers.conv2d((x - 128.0) / 128.0, 10, 3, strides=2, padding="same", name="c1"))
y = tf.layers.dense(tf.reduce_mean(h, [1, 2]), 10, name="logits")
finish(
    [y],
    {x: R.randint(0, 256, (32, 16, 16, 3)).astype("f")},
    {x: R.randint(0, 256, (5, 16, 16, 3)).astype("f")},
    rows=32,
)
