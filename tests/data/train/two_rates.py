"""Two optimizers of the same class in one train op: the body at 0.01, the head at 0.1."""

from golden import *

rng = start(33)
x, y = tf.placeholder(tf.float32, [None, 7], "x"), tf.placeholder(tf.int64, [None], "y")
h = tf.layers.dense(x, 10, tf.nn.relu, name="body")
logits = tf.layers.dense(h, 3, name="head")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
step = tf.train.get_or_create_global_step()
body, head = tf.trainable_variables("body"), tf.trainable_variables("head")
gradients = tf.gradients(loss, body + head, gate_gradients=True)
slow = tf.train.MomentumOptimizer(0.01, 0.9).apply_gradients(zip(gradients[:2], body), step)
fast = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients(zip(gradients[2:], head))
train = tf.group(slow, fast, name="train")
write(
    "LARS and layer-wise rates",
    "Exact continuation with two rates, or a plain warning that names both and which variables "
    "they are for.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 7, 3),
)
