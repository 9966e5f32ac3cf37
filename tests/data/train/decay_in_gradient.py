"""Weight decay added to the gradients by hand (g + 0.1 v), momentum."""

from golden import *

rng = start(34)
x, y = tf.placeholder(tf.float32, [None, 10], "x"), tf.placeholder(tf.int64, [None], "y")
h = tf.layers.dense(x, 12, tf.nn.relu, name="h")
logits = tf.layers.dense(h, 4, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
pairs = [(g + 0.1 * v, v) for g, v in optimizer.compute_gradients(loss)]
train = optimizer.apply_gradients(pairs, tf.train.get_or_create_global_step())
write(
    "weight decay added to gradients",
    "Exact continuation: a decay coupled to the gradient equals regularizers L2(0.05) on every "
    "variable (the reported loss then holds the penalty too: say so), or a plain warning.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 10, 4),
)
