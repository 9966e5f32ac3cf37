"""batch norm by tf.nn.moments and tf.nn.batch_normalization, averages by ExponentialMovingAverage,
tf.cond on the phase.

Right: Conv2D, BatchNormalization (momentum 0.9, epsilon 0.001; averages from the shadow variables),
ReLU, twice.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

POSITIVE.append("Squeeze_1")
x = tf.placeholder(tf.float32, [None, 12, 12, 3], "image")
phase = tf.placeholder(tf.bool, name="phase_train")


def bn(h, name):
    with tf.variable_scope(name):
        n = h.shape[-1].value
        beta, gamma = var("beta", n), var("gamma", n)
        m, v = tf.nn.moments(h, [0, 1, 2], name="moments")
        ema = tf.train.ExponentialMovingAverage(0.9)

        def update():
            with tf.control_dependencies([ema.apply([m, v])]):
                return tf.identity(m), tf.identity(v)

        mean, variance = tf.cond(phase, update, lambda: (ema.average(m), ema.average(v)))
        return tf.nn.batch_normalization(h, mean, variance, beta, gamma, 1e-3)


h = tf.nn.relu(bn(tf.nn.conv2d(x, var("k1", 3, 3, 3, 6), [1, 1, 1, 1], "SAME"), "bn1"))
h = tf.nn.relu(bn(tf.nn.conv2d(h, var("k2", 3, 3, 6, 6), [1, 2, 2, 1], "SAME"), "bn2"))
y = tf.add(tf.matmul(tf.reduce_mean(h, [1, 2]), var("w", 6, 4)), var("b", 4), name="logits")
finish([y], {x: floats(4, 12, 12, 3)}, {x: floats(7, 12, 12, 3)}, fixed={phase: False})
