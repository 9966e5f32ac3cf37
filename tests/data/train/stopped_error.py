"""Two heads; the second follows the first, whose gradient is stopped, and has its own temperature.

The temperature is trained by a term in which the heads are stopped: a variable of the loss alone.
"""

from golden import *

rng = start(75)
x = tf.placeholder(tf.float32, [None, 5], "x")
y = tf.placeholder(tf.float32, [None, 2], "y")
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h")
first, second = tf.layers.dense(h, 2, name="first"), tf.layers.dense(h, 2, name="second")
scale = tf.get_variable("log_scale", (), initializer=tf.constant_initializer(0.3))
follow = tf.losses.mean_squared_error(tf.stop_gradient(first), second)
spread = tf.reduce_mean(tf.square(second - tf.reduce_mean(second, 0)))
loss = tf.losses.mean_squared_error(y, first) + tf.stop_gradient(tf.exp(scale)) * follow
loss += scale * (tf.stop_gradient(spread) - 0.2)
train = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
write(
    "a stopped gradient",
    "The loss with both stops: of a head in a squared difference, and of a variable.",
    [x],
    [first, second],
    train,
    loss,
    lambda n: {x: rng.randn(n, 5), y: rng.randn(n, 2)},
)
