"""one kernel used by two layers, each with its own bias and stride.

Right: 5 weights; the kernel is one weight that both convolutions use.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 10, 10, 4], "x")
k = var("kernel", 3, 3, 4, 4)
a = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, k, [1, 1, 1, 1], "SAME"), var("bias_a", 4)))
b = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(a, k, [1, 2, 2, 1], "SAME"), var("bias_b", 4)))
o = tf.add(tf.matmul(tf.reduce_mean(b, [1, 2]), var("w", 4, 3)), var("b", 3), name="logits")
finish([o], {x: floats(3, 10, 10, 4)}, {x: floats(5, 10, 10, 4)})
