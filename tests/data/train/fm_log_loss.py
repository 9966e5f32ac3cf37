"""A loss taken for an output: a factorization machine, loss = mean of log(1 + exp(-y f)) + L2,
labels -1 and 1.
"""

from golden import *

rng = start(56)
x, y = tf.placeholder(tf.float32, [None, 5], "x"), tf.placeholder(tf.float32, [None], "y")
w0 = tf.Variable(tf.zeros([1]), name="w0")
w = tf.Variable(tf.truncated_normal([5], stddev=0.3), name="w")
v = tf.Variable(tf.truncated_normal([5, 2], stddev=0.3), name="v")
linear = w0 + tf.reduce_sum(w * x, 1)
square_of_sum = tf.square(tf.matmul(x, v))
sum_of_square = tf.matmul(tf.square(x), tf.square(v))
f = tf.add(linear, 0.5 * tf.reduce_sum(square_of_sum - sum_of_square, 1), name="f")
penalty = 0.001 * tf.reduce_sum(tf.square(w)) + 0.001 * tf.reduce_sum(tf.square(v))
loss = tf.reduce_mean(tf.log(1.0 + tf.exp(-y * f))) + penalty
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def batch(n):
    points = rng.randn(n, 5).astype("float32")
    return {x: points, y: np.sign(points[:, 0] * points[:, 1])}


write(
    "a loss taken for an output",
    "Output f with the one input x (y is a label, no input); exact continuation with the loss "
    "written out, or a plain warning that it is not carried.",
    [x],
    [f],
    train,
    loss,
    batch,
)
