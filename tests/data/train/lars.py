"""LARS (tf.contrib.opt.LARSOptimizer): every variable gets a rate of its own from the norms of
weight and gradient.
"""

from golden import *

rng = start(32)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
h = tf.layers.dense(x, 12, tf.nn.tanh, name="h", bias_initializer=tf.constant_initializer(0.1))
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=tf.constant_initializer(0.1))
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
train = tf.contrib.opt.LARSOptimizer(0.5, momentum=0.9, eeta=0.01).minimize(loss)
write(
    "LARS and layer-wise rates",
    "Exact continuation with LARS written out, or a plain warning that the trust ratio is not "
    "carried; never SGD without a word.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
