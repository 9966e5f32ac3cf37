"""weights that decay before the update"""

from golden import *

rng = start(51)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
c = tf.constant_initializer(0.1)
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h", bias_initializer=c, use_bias=True)
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=c)
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
opt = tf.train.GradientDescentOptimizer(0.2)
pairs = opt.compute_gradients(loss)
with tf.control_dependencies([g for g, _ in pairs]):
    decays = [tf.assign_sub(v, 0.01 * v) for v in tf.trainable_variables()]
with tf.control_dependencies(decays):
    train = opt.apply_gradients(pairs)

write(
    "weights that decay before the update",
    "A plain warning that the weights decay.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
