"""a loss term that begins at step 1000"""

from golden import *

rng = start(51)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
c = tf.constant_initializer(0.1)
step = tf.train.get_or_create_global_step()
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h", bias_initializer=c)
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=c)
ce = tf.losses.sparse_softmax_cross_entropy(y, logits)
loss = tf.add(
    ce, tf.cast(step > 1000, tf.float32) * tf.reduce_mean(tf.square(logits)), name="total"
)
train = tf.train.GradientDescentOptimizer(0.2).minimize(loss, global_step=step)

write(
    "a loss term that begins at step 1000",
    "Exact continuation, or a plain warning that the loss depends on the step.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
