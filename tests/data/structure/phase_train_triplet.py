"""phase_train tf.cond in every batch norm, with a loss around it (facenet, triplets).

Right: output is the embeddings (the end of the network), not a convolution; phase_train gone into
training=; all 3 layers.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

slim = tf.contrib.slim
x = tf.placeholder(tf.float32, [None, 24, 24, 3], "image_batch")
phase = tf.placeholder(tf.bool, name="phase_train")
bn = {
    "is_training": phase,
    "decay": 0.995,
    "epsilon": 0.001,
    "updates_collections": None,
    "scale": True,
}
with slim.arg_scope(
    [slim.conv2d, slim.fully_connected],
    weights_regularizer=slim.l2_regularizer(5e-4),
    normalizer_fn=slim.batch_norm,
    normalizer_params=bn,
):
    h = slim.max_pool2d(slim.conv2d(x, 8, 3, scope="conv1"), 3, 2, scope="pool1")
    h = slim.conv2d(h, 8, 3, scope="conv2")
    h = slim.dropout(tf.reduce_mean(h, [1, 2]), 0.8, is_training=phase)
    pre = slim.fully_connected(h, 4, activation_fn=None, scope="Bottleneck")
emb = tf.nn.l2_normalize(pre, 1, 1e-10, name="embeddings")
a, p, n = tf.unstack(tf.reshape(emb, [-1, 3, 4]), 3, 1)


def dist(u, v):
    return tf.reduce_sum(tf.square(u - v), 1)


loss = tf.reduce_mean(tf.maximum(dist(a, p) - dist(a, n) + 0.2, 0.0)) + tf.add_n(
    tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES), name="total_loss"
)
step = tf.train.get_or_create_global_step()
keep = tf.train.ExponentialMovingAverage(0.9, name="avg").apply([loss])
with tf.control_dependencies([keep]):
    op = tf.train.AdagradOptimizer(0.05).minimize(loss, step)
ema = tf.train.ExponentialMovingAverage(0.9999, step)
with tf.control_dependencies([op]):
    train = ema.apply(tf.trainable_variables())
POSITIVE.append("Adagrad")
finish(
    [emb],
    {x: R.rand(6, 24, 24, 3).astype("f")},
    {x: R.rand(2, 24, 24, 3).astype("f")},
    fixed={phase: False},
)
