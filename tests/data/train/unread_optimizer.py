"""An optimizer that is written out and takes all gradients for each weight: no optimizer of Keras.

The loss is one of Keras 2, of probabilities that are clipped, with a logarithm in another shape.
"""

from golden import *

rng = start(72)
series = tf.placeholder(tf.float32, [None, 6, 3], "series")
labels = tf.placeholder(tf.int64, [None, 6], "labels")
h = tf.layers.dense(series, 8, tf.nn.relu, name="deep")
p = tf.nn.softmax(tf.layers.dense(h, 4, name="score"), name="p")
logarithm = tf.log(tf.clip_by_value(p, 1e-7, 1 - 1e-7))
flat = tf.reshape(logarithm, tf.stack([-1, tf.shape(logarithm)[-1]]))
loss = tf.reduce_mean(
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.reshape(labels, [-1]), logits=flat)
)
weights = tf.trainable_variables()
gradients = tf.gradients(loss, weights)
with tf.control_dependencies(gradients):
    largest = tf.reduce_max([tf.reduce_max(tf.abs(g)) for g in gradients])
    steps = [tf.assign_sub(w, 0.01 * g / largest) for w, g in zip(weights, gradients)]
train = tf.group(*steps, name="train")
plane = rng.randn(3, 4)


def batch(n):
    points = rng.randn(n, 6, 3).astype("float32")
    return {series: points, labels: (points @ plane).argmax(-1)}


write(
    "an optimizer that is not understood",
    "Output is the softmax p; that training is not carried over is one warning.",
    [series],
    [p],
    train,
    loss,
    batch,
)
