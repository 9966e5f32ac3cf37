"""the network's input is a constant of the graph (input_fn that returns tf.constant).

Right: the constant features [30, 4] become the input [None, 4] named after them; the labels stay
out; output logits (or probabilities).
"""

from golden import *

describe(__doc__, expect_outcome="keras")

data = R.rand(30, 4).astype("f")
x = tf.constant(data, name="features")
t = tf.constant(np.arange(30) % 3, name="labels")
h = tf.layers.dense(x, 6, tf.nn.relu, name="hidden")
z = tf.layers.dense(h, 3, name="logits")
p = tf.nn.softmax(z, name="probabilities")
tf.train.AdagradOptimizer(0.05).minimize(
    tf.losses.sparse_softmax_cross_entropy(t, z), global_step=tf.train.get_or_create_global_step()
)
POSITIVE.append("Adagrad")
finish([p], {x: data}, {x: R.rand(30, 4).astype("f")})
