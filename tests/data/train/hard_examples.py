"""Hard example mining: the mean of the largest 70 % of the examples' losses, k computed from the
batch (top_k).
"""

from golden import *

rng = start(52)
x, y = tf.placeholder(tf.float32, [None, 8], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.relu, name="h"), 3, name="logits")
each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
k = tf.cast(tf.cast(tf.shape(each)[0], tf.float32) * 0.7, tf.int32)
loss = tf.reduce_mean(tf.nn.top_k(each, k=k)[0])
step = tf.train.get_or_create_global_step()
train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, step)
write(
    "hard example mining",
    "Exact continuation with a loss of its own (sort or top_k, mean of the first 70 %), momentum; "
    "or a plain warning that the loss is not carried.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 8, 3),
    size=20,
)
