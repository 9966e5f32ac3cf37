"""a checkpoint whose dtypes contradict the .meta (float64 weights, float32 graph).

Right: refused, naming a variable and both dtypes; TF 1.15 refuses to restore it. (Converting with a
warning that names the change is as good.)
"""

from golden import *

describe(__doc__, expect_outcome="refused", also_right="keras")


def net(t):
    tf.reset_default_graph()
    x = tf.placeholder(t, [None, 4], "x")
    o = tf.identity(tf.layers.dense(x, 3, tf.tanh, name="b"), "out")
    return x, o


x, o = net(tf.float32)
with session() as s:
    start(s)
    checkpoint(s)
    record(s, [o], {x: floats(4, 4)})
with open("model.ckpt.meta", "rb") as file:
    meta = file.read()
x, o = net(tf.float64)
with session() as s:
    start(s)
    checkpoint(s)
with open("model.ckpt.meta", "wb") as file:
    file.write(meta)
