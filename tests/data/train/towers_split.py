"""Two towers on the halves of one batch, shared weights, gradients averaged by hand
(cifar10_multi_gpu), clipped, Adam.
"""

from golden import *

rng = start(45)
x, y = tf.placeholder(tf.float32, [None, 10], "source"), tf.placeholder(tf.int64, [None], "label")
optimizer = tf.train.AdamOptimizer(0.01)
grads_of, losses, probabilities = [], [], []
for i, (part, wanted) in enumerate(zip(tf.split(x, 2), tf.split(y, 2))):
    with tf.name_scope(f"tower_{i}"), tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(part, 12, tf.nn.relu, name="fc1")
        logits = tf.layers.dense(h, 4, name="fc2")
        probabilities.append(tf.nn.softmax(logits, name="prob"))
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits)
        losses.append(tf.reduce_mean(each))
        grads_of.append(optimizer.compute_gradients(losses[-1]))
averaged = []
for pairs in zip(*grads_of):
    stacked = tf.concat([tf.expand_dims(g, 0) for g, _ in pairs], 0)
    averaged.append((tf.reduce_mean(stacked, 0), pairs[0][1]))
gradients, weights = zip(*averaged)
gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
step = tf.train.get_or_create_global_step()
train = optimizer.apply_gradients(zip(gradients, weights), step)
loss = tf.reduce_mean(tf.stack(losses), name="total_loss")
whole = tf.concat(probabilities, 0, name="probabilities")
write(
    "towers with averaged gradients, one input split",
    "Exact continuation: one tower over the whole batch (every row comes back), the loss its mean, "
    "global_clipnorm=5, Adam(0.01).",
    [x],
    [whole],
    train,
    loss,
    classes(rng, x, y, 10, 4),
    sizes=(8, 4),
)
