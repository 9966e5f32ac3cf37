"""multi-head attention by einsum, causal (matrix_band_part).

Right: batch and length open; kernels [8, 2, 4] stay whole; MultiHeadAttention(use_causal_mask) or
readable einsum.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, None, 8], "x")
n = tf.shape(x)[1]
q, k, v = [
    tf.einsum("btd,dhe->bhte", x, var(s + "_kernel", 8, 2, 4)) for s in ("query", "key", "value")
]
w = tf.einsum("bhte,bhse->bhts", q, k) * 0.5
m = tf.matrix_band_part(tf.ones([n, n]), -1, 0)
a = tf.nn.softmax(w * m - 1e10 * (1 - m))
o = tf.einsum("bhte,hed->btd", tf.einsum("bhts,bhse->bhte", a, v), var("out_kernel", 2, 4, 8))
o = tf.identity(x + o, "out")
finish([o], {x: floats(2, 6, 8)}, {x: floats(3, 9, 8)})
