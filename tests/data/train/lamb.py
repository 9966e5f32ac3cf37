"""LAMB as ALBERT has it: a ratio of norms for kernels; for biases and layer normalization the rate
is multiplied by 1.0 instead.
"""

from golden import *

rng = start(42)
tf.enable_resource_variables()
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
h = tf.layers.dense(x, 12, tf.nn.tanh, name="h")
logits = tf.layers.dense(tf.contrib.layers.layer_norm(h, scope="LayerNorm"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
step = tf.train.get_or_create_global_step()
rate = tf.train.polynomial_decay(0.05, step, 100, 0.0)
updates = []
gradients = tf.gradients(loss, tf.trainable_variables())
with tf.control_dependencies(gradients):
    gradients = [tf.identity(g) for g in gradients]
for v, g in zip(tf.trainable_variables(), gradients):
    shape, zeros = v.shape.as_list(), tf.zeros_initializer()
    m = tf.get_variable(v.op.name + "/adam_m", shape, trainable=False, initializer=zeros)
    s = tf.get_variable(v.op.name + "/adam_v", shape, trainable=False, initializer=zeros)
    next_m, next_s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * tf.square(g)
    update, ratio = next_m / (tf.sqrt(next_s) + 1e-6), 1.0
    if "kernel" in v.op.name:
        update += 0.01 * v
        norms = tf.norm(v, ord=2), tf.norm(update, ord=2)
        inner = tf.where(tf.greater(norms[1], 0), norms[0] / norms[1], 1.0)
        ratio = tf.where(tf.greater(norms[0], 0), inner, 1.0)
    updates += [v.assign(v - ratio * rate * update), m.assign(next_m), s.assign(next_s)]
with tf.control_dependencies(updates):
    train = step.assign_add(1).op

write(
    "LAMB",
    "Exact continuation with the formula of the graph.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
