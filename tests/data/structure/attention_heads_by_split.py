"""multi-head self-attention as tf.split and tf.concat over the batch (Kyubyong's transformer), keys
masked.

Right: 4 dense kernels; batch and length open; MultiHeadAttention or a readable function called
twice.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, 8], "x")
h = x


def attention(h, scope):
    with tf.variable_scope(scope):
        q, k, v = [
            tf.concat(tf.split(tf.layers.dense(h, 8, tf.nn.relu, name=n), 2, 2), 0) for n in "qkv"
        ]
        a = tf.matmul(q, tf.transpose(k, [0, 2, 1])) / 2.0
        mask = tf.tile(
            tf.expand_dims(tf.tile(tf.sign(tf.reduce_sum(tf.abs(h), -1)), [2, 1]), 1),
            [1, tf.shape(h)[1], 1],
        )
        a = tf.nn.softmax(tf.where(tf.equal(mask, 0), tf.ones_like(a) * (-(2.0**32) + 1), a))
        return h + tf.concat(tf.split(tf.matmul(a, v), 2, 0), 2)


h = attention(attention(h, "b0"), "b1")
o = tf.identity(tf.layers.dense(h, 3, name="dense"), "out")


def seq(batch, length):
    a = floats(batch, length, 8)
    a[0, length // 2 :] = 0
    return a


finish([o], {x: seq(2, 6)}, {x: seq(3, 9)})
