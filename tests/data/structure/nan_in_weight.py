"""a weight that holds one NaN.

Right: converts (no crash); a warning names the weight and counts its NaN; outputs are equal, NaN
where TF 1.15 has NaN (if ReLU of NaN differs between the two TensorFlows, that is said).
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 4], "x")
h = tf.nn.relu(tf.layers.dense(x, 5, name="a"))
o = tf.identity(tf.layers.dense(h, 3, name="b"), "logits")
with session() as s:
    start(s)
    k = next(v for v in tf.global_variables() if v.op.name == "a/kernel")
    a = s.run(k)
    a[2, 1] = np.nan
    k.load(a, s)
    checkpoint(s)
    record(s, [o], {x: floats(4, 4)}, {x: floats(7, 4)})
