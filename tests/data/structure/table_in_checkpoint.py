"""a mutable table whose values the checkpoint holds.

Right: refused, and it says that the values are in the checkpoint.
"""

from golden import *

describe(__doc__, expect_outcome="refused")

x = tf.placeholder(tf.int64, [None], "ids")
table = tf.contrib.lookup.MutableDenseHashTable(
    tf.int64,
    tf.float32,
    default_value=[0.0, 0.0],
    empty_key=-1,
    deleted_key=-2,
    name="table",
    checkpoint=True,
    initial_num_buckets=32,
)
y = tf.matmul(table.lookup(x), var("w", 2, 3), name="y")
with session() as s:
    start(s)
    s.run(table.insert(np.arange(10), R.randn(10, 2).astype("f")))
    checkpoint(s)
    record(s, [y], {x: R.randint(0, 10, 4)}, {x: R.randint(0, 10, 7)})
