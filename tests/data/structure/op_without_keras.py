"""a network with one op that Keras lacks (Dilation2D).

Right: lifted, with Dilation2D named as the reason, and everything else that can be Keras noted.
"""

from golden import *

describe(__doc__, expect_outcome="lifted", also_right="keras")

x = tf.placeholder(tf.float32, [None, 12, 12, 3], "image")
h = tf.layers.conv2d(x, 4, 3, 1, "same", activation=tf.nn.relu, name="c1")
h = tf.nn.dilation2d(h, var("element", 3, 3, 4), [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
o = tf.identity(tf.layers.dense(tf.reduce_mean(h, [1, 2]), 3, name="fc"), "logits")
finish([o], {x: floats(3, 12, 12, 3)}, {x: floats(5, 12, 12, 3)})
