"""a position table that is used whole.

Right: one weight [12, 8] added to x (an embedding of positions, or a parameter), named as in the
graph.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

ids = tf.placeholder(tf.int32, [None, 12], "ids")
e = tf.nn.embedding_lookup(var("words", 15, 8), ids) * 8**0.5
h = e + tf.expand_dims(var("positions", 12, 8), 0)
o = tf.identity(tf.layers.dense(tf.reduce_max(h, 1), 3, name="dense"), "out")
finish([o], {ids: R.randint(0, 15, (3, 12))}, {ids: R.randint(0, 15, (5, 12))})
