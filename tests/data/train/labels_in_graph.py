"""The labels are a variable of the graph that is not trained; a percentage error is computed for
the eye.
"""

from golden import *

rng = start(57)
x = tf.placeholder(tf.float32, [None, 6], "x")
prices = tf.Variable(rng.rand(16).astype("float32") + 1, trainable=False, name="prices")
z = tf.layers.dense(tf.layers.dense(x, 8, tf.nn.tanh, name="h"), 1, name="o")
shift, scale = tf.Variable(tf.zeros([1]), name="shift"), tf.Variable(tf.ones([1]), name="scale")
predicted = tf.multiply(z + shift, scale, name="predicted")
error = tf.divide(predicted[:, 0] - prices, prices) * 100
loss = tf.reduce_mean(tf.square(predicted[:, 0] - prices))
train = tf.train.AdamOptimizer(0.01).minimize(loss)
write(
    "labels baked into the graph",
    "Output predicted, for any batch, never the percentage error; the labels of training are named "
    "as the 16 values of prices, so that only a batch of those 16 trains as before (or a warning).",
    [x],
    [predicted],
    train,
    loss,
    lambda n: {x: rng.randn(n, 6)},
)
