"""GELU by tanh and GELU by erf, written out.

Right: keras.activations.gelu, approximate=True for the first layer and False for the second.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 6], "x")
h = tf.layers.dense(x, 8, name="a")
h = h * (0.5 * (1.0 + tf.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * tf.pow(h, 3)))))
h = tf.layers.dense(h, 8, name="b")
h = h * (0.5 * (1.0 + tf.erf(h / tf.sqrt(2.0))))
o = tf.identity(tf.layers.dense(h, 3, name="c"), "out")
finish([o], {x: 2 * floats(5, 6)}, {x: 2 * floats(9, 6)})
