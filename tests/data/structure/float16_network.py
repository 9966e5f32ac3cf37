"""a network of float16 throughout.

Right: a Keras model whose layers and input are float16, values within half precision.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float16, [None, 10, 10, 3], "image")
h = tf.layers.conv2d(x, 6, 3, 2, "same", activation=tf.nn.relu, name="c1")
o = tf.identity(tf.layers.dense(tf.layers.flatten(h), 4, name="fc"), "logits")
finish([o], {x: floats(3, 10, 10, 3).astype("e")}, {x: floats(5, 10, 10, 3).astype("e")})
