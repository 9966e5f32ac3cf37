"""an array of ones of [batch, length, 1] times a mask, both sizes from tf.shape (BERT's attention
mask).

Right: inputs ids and mask, both [None, None]; the ones are a broadcast.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

ids = tf.placeholder(tf.int32, [None, None], "ids")
mask = tf.placeholder(tf.int32, [None, None], "mask")
n = tf.shape(ids)
att = tf.ones([n[0], n[1], 1]) * tf.cast(tf.reshape(mask, [n[0], 1, n[1]]), tf.float32)
e = tf.gather(var("words", 9, 4), ids)
a = tf.nn.softmax(tf.matmul(e, e, transpose_b=True) + (1.0 - att) * -1e4)
o = tf.identity(tf.layers.dense(tf.matmul(a, e), 3, name="dense"), "out")
finish(
    [o],
    {ids: R.randint(0, 9, (2, 7)), mask: (np.arange(7) < [[5], [7]]).astype("i")},
    {ids: R.randint(0, 9, (5, 11)), mask: (np.arange(11) < R.randint(2, 12, (5, 1))).astype("i")},
)
