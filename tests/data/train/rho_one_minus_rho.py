"""One variable used as rho and as 1 - rho (U-GAT-IT's AdaLIN)."""

from golden import *

rng = start(51)
x, y = tf.placeholder(tf.float32, [None, 8], "x"), tf.placeholder(tf.float32, [None, 3], "t")
h = tf.layers.dense(x, 8, tf.nn.relu, name="h")
rho = tf.get_variable("rho", [8], initializer=tf.random_uniform_initializer(0.2, 0.8))
clipped = tf.clip_by_value(rho - 0.1, 0.0, 1.0)
h = clipped * tf.sin(h) + (1.0 - clipped) * tf.tanh(h)
out = tf.layers.dense(h, 3, name="logits")
loss = tf.losses.mean_squared_error(y, out)
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def batch(n):
    points = rng.randn(n, 8).astype("float32")
    return {x: points, y: points[:, :3] ** 2}


write(
    "one variable used as rho and 1 - rho",
    "Exact continuation: rho stays one weight of one layer; never two weights that part.",
    [x],
    [out],
    train,
    loss,
    batch,
)
