"""Two towers, each with placeholders of its own, shared weights, averaged gradients."""

from golden import *

rng = start(46)
optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
places, grads_of, losses, logits = [], [], [], []
for i in range(2):
    with tf.name_scope(f"tower{i}"), tf.variable_scope("model", reuse=i > 0):
        x = tf.placeholder(tf.float32, [None, 6], "x")
        y = tf.placeholder(tf.int32, [None], "y")
        h = tf.layers.dense(x, 9, tf.nn.tanh, name="hidden")
        logits.append(tf.layers.dense(h, 3, name="out"))
        losses.append(tf.losses.sparse_softmax_cross_entropy(y, logits[-1]))
        places.append((x, y))
        grads_of.append(optimizer.compute_gradients(losses[-1]))
averaged = [((a + b) / 2.0, v) for (a, v), (b, _) in zip(*grads_of)]
train = optimizer.apply_gradients(averaged, tf.train.get_or_create_global_step())
loss = tf.add_n(losses, name="summed") / 2.0
plane = rng.randn(6, 3)


def batch(n):
    feeds = {}
    for x, y in places:
        feeds[x] = rng.randn(n, 6).astype("float32")
        feeds[y] = (feeds[x] @ plane).argmax(1)
    return feeds


write(
    "towers with averaged gradients, each its own input",
    "One tower is the model. Exact continuation: a batch is the towers' batches one after the "
    "other, the loss its mean; or it says plainly that another tower's gradients were averaged in.",
    [places[0][0]],
    [logits[0]],
    train,
    loss,
    batch,
)
