"""a checkpoint whose shapes contradict the .meta beside it (of another run of the program).

Right: refused, not zero, naming a variable and both shapes ([4, 7] in the graph, [4, 5] in the
checkpoint). TF 1.15 refuses to restore it.
"""

from golden import *

describe(__doc__, expect_outcome="refused")


def net(n):
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 4], "x")
    h = tf.nn.relu(tf.layers.dense(x, n, name="a"))
    o = tf.identity(tf.layers.dense(h, 3, name="b"), "logits")
    return x, o


x, o = net(7)
with session() as s:
    start(s)
    checkpoint(s)
    record(s, [o], {x: floats(4, 4)})
with open("model.ckpt.meta", "rb") as file:
    meta = file.read()
x, o = net(5)
with session() as s:
    start(s)
    checkpoint(s)
with open("model.ckpt.meta", "wb") as file:
    file.write(meta)
os.remove("golden.npz")
