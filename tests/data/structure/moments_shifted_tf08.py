"""batch norm as TensorFlow 0.8 to 0.11 wrote tf.nn.moments: statistics shifted by the first pixel
of the first example.

Right: batch normalization by the batch's own statistics (in training and in use), one layer; output
as TF 1.15's for any batch.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 6, 6, 1], "x")
h = tf.nn.conv2d(x, var("w", 3, 3, 1, 4), [1, 1, 1, 1], "SAME")
s = tf.slice(h, tf.zeros([4], tf.int32), tf.constant([1, 1, 1, -1]))
shift = tf.squeeze(s, [0, 1, 2])
n = 1.0 / tf.cast(tf.reduce_prod(tf.gather(tf.shape(h), [0, 1, 2])), tf.float32)
m = tf.reduce_sum(h - s, [0, 1, 2]) * n
v = tf.reduce_sum(tf.squared_difference(h, s), [0, 1, 2]) * n - tf.square(m)
h = tf.nn.relu(tf.nn.batch_normalization(h, m + shift, v, var("beta", 4), var("gamma", 4), 1e-5))
o = tf.matmul(tf.reshape(h, [-1, 144]), var("k", 144, 3), name="logits")
finish([o], {x: floats(10, 6, 6, 1)}, {x: floats(3, 6, 6, 1)})
