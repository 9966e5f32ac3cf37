"""uint8 images as input, cast and scaling inside the graph.

Right: input of dtype uint8 [None, 16, 16, 3]; Rescaling or arithmetic inside; values as TF 1.15's.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.uint8, [None, 16, 16, 3], "image")
h = (tf.image.convert_image_dtype(x, tf.float32) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
h = tf.layers.conv2d(h, 6, 3, 2, "same", activation=tf.nn.relu, name="c1")
o = tf.identity(tf.layers.dense(tf.reduce_mean(h, [1, 2]), 4, name="fc"), "logits")
finish(
    [o],
    {x: R.randint(0, 256, (3, 16, 16, 3)).astype("u1")},
    {x: R.randint(0, 256, (5, 16, 16, 3)).astype("u1")},
)
