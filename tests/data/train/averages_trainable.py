"""Moving averages in the collection of trainable variables, as FaceNet has them: no gradient
reaches them, and the network is none that is trained through another one.
"""

from golden import *

rng = start(43)
slim = tf.contrib.slim
image = tf.placeholder(tf.float32, [None, 6, 6, 3], "image")
phase_train = tf.placeholder_with_default(False, [], "phase_train")
labels = tf.placeholder(tf.int64, [None], "labels")
norm = {
    "decay": 0.9,
    "epsilon": 0.001,
    "is_training": phase_train,
    "variables_collections": [tf.GraphKeys.TRAINABLE_VARIABLES],
}
with slim.arg_scope(
    [slim.conv2d, slim.fully_connected],
    weights_regularizer=slim.l2_regularizer(5e-4),
    normalizer_fn=slim.batch_norm,
    normalizer_params=norm,
):
    net = slim.conv2d(image, 4, 3, scope="conv1")
    net = slim.conv2d(net, 5, 3, stride=2, scope="conv2")
    net = slim.fully_connected(slim.flatten(net), 8, activation_fn=None, scope="bottleneck")
logits = slim.fully_connected(net, 3, activation_fn=None, scope="logits")
entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
loss = tf.add_n([tf.reduce_mean(entropy), *penalties], name="total_loss")
optimizer = tf.train.AdamOptimizer(0.01, epsilon=0.1)
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    gated = tf.train.Optimizer.GATE_GRAPH
    gradients = optimizer.compute_gradients(loss, tf.global_variables(), gated)
    train = optimizer.apply_gradients([(g, v) for g, v in gradients if g is not None])
write(
    "moving averages among the trainable variables",
    "The logits are the output; exact continuation with Adam, L2 and batch normalization.",
    [image],
    [logits],
    train,
    loss,
    lambda n: {
        image: rng.randn(n, 6, 6, 3),
        labels: rng.randint(0, 3, n),
        phase_train: True,
    },
)
