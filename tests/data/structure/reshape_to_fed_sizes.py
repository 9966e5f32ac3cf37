"""an image reshaped to sizes that are fed beside it (MTCNN's detector).

Right: one input, the image [None, None, None, 3]; width and height are the image's own and no
inputs; the squeeze of the batch goes away or is noted (the golden output is of one image).
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, name="image")
w = tf.placeholder(tf.int32, name="width")
h = tf.placeholder(tf.int32, name="height")
t = tf.layers.conv2d(tf.reshape(x, [1, h, w, 3]), 8, 3, activation=tf.nn.relu, name="c1")
o = tf.squeeze(tf.layers.conv2d(t, 2, 1, name="c2"), axis=0, name="map")
finish(
    [o],
    {x: R.rand(1, 20, 24, 3).astype("f")},
    {x: R.rand(1, 33, 17, 3).astype("f")},
    fixed={w: 24, h: 20},
    fixed2={w: 17, h: 33},
)
