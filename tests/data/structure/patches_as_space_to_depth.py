"""extract_image_patches with size equal to stride (the reorg route of YOLOv2), frozen.

Right: a reshape/transpose of 2 by 2 blocks (space to depth) in Keras, concatenated with the other
route; batch open.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 16, 16, 3], "input")
r = tf.layers.conv2d(x, 4, 3, 1, "same", activation=tf.nn.relu, name="route")
h = tf.layers.conv2d(
    tf.nn.max_pool(r, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), 6, 3, 1, "same", name="main"
)
p = tf.extract_image_patches(r, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
o = tf.identity(tf.layers.conv2d(tf.concat([p, h], 3), 5, 1, name="det"), "output")
with session() as s:
    start(s)
    frozen(s, [o])
    record(s, [o], {x: floats(2, 16, 16, 3)}, {x: floats(5, 16, 16, 3)})
