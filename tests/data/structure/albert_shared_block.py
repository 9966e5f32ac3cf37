"""one block of weights used three times, its kernels reshaped at each use (ALBERT).

Right: 9 variables are 9 weights; one set of layers called three times, no copies that training
would move apart.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 7, 8], "x")
h = x


def project(t, w, b):
    return tf.einsum("bfh,hnd->bfnd", t, tf.reshape(w, [8, 2, 4])) + tf.reshape(b, [2, 4])


for _i in range(3):
    with tf.variable_scope("group_0/inner", reuse=tf.AUTO_REUSE):
        q, k, v = [
            project(h, var(n + "/kernel", 8, 8), var(n + "/bias", 8))
            for n in ("query", "key", "value")
        ]
        a = tf.nn.softmax(tf.einsum("bfnd,btnd->bnft", q, k) / 2.0)
        c = tf.einsum("bnft,btnd->bfnd", a, v)
        h = tf.tanh(
            h
            + tf.einsum("bfnd,ndh->bfh", c, tf.reshape(var("output/kernel", 8, 8), [2, 4, 8]))
            + var("output/bias", 8)
        )
o = tf.identity(tf.matmul(h[:, 0], var("pooler/kernel", 8, 3)), "pooled")
finish([o], {x: floats(3, 7, 8)}, {x: floats(5, 7, 8)})
