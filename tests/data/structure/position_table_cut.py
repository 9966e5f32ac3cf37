"""a variable of which the graph uses a slice (position table of 40 rows, length 6).

Right: all 40 rows survive as one weight of shape [40, 8]; the slice is in the model.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 6, 8], "x")
p = var("position_embeddings", 40, 8)
h = x + tf.reshape(tf.slice(p, [0, 0], [6, -1]), [1, 6, 8])
o = tf.identity(tf.layers.dense(h, 3, name="dense"), "out")
finish([o], {x: floats(3, 6, 8)}, {x: floats(5, 6, 8)})
