"""one image without a batch, tf.expand_dims inside the graph.

Right: keras.Input((40, 28, 3)) with an open batch (the model then takes image[None]), never the
image's rows as batch: predict must give what calling gives.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [40, 28, 3], name="image")
h = tf.layers.conv2d(tf.expand_dims(x, 0), 8, 3, padding="same", activation=tf.nn.relu, name="c1")
y = tf.identity(tf.layers.conv2d(h, 3, 3, padding="same", name="c2"), name="output")
finish([y], {x: R.rand(40, 28, 3).astype("f")})
