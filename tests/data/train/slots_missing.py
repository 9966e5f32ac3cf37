"""A checkpoint of the weights alone, though the graph has the slots and the step of Adam."""

from golden import *

rng = start(73)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
h = tf.layers.dense(x, 9, tf.nn.tanh, name="h")
logits = tf.layers.dense(h, 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
train = tf.train.AdamOptimizer(0.02).minimize(loss, tf.train.get_or_create_global_step())
write(
    "slots that are not saved",
    "Exact continuation with slots that start anew, and a warning that they do.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
    saved=tf.trainable_variables(),
)
