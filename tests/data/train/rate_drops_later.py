"""a rate in a variable that the train op lowers after some steps"""

from golden import *

rng = start(61)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
c = tf.constant_initializer(0.1)
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h", bias_initializer=c)
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=c)
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
rate = tf.get_variable("rate", [], initializer=tf.constant_initializer(0.5), trainable=False)
count = tf.get_variable("count", [], initializer=tf.zeros_initializer(), trainable=False)
update = tf.train.GradientDescentOptimizer(rate).minimize(loss)
with tf.control_dependencies([update]):
    counted = tf.assign_add(count, 1.0)
with tf.control_dependencies([counted]):
    train = tf.group(tf.assign(rate, tf.where(counted > 14.0, 0.05, 0.5)))

write(
    "a rate in a variable that the train op lowers after some steps",
    "A plain warning that the train op changes the rate.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
