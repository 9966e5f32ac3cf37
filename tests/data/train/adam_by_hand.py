"""Adam written with assignments, with powers of beta of its own."""

from golden import *

rng = start(74)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
with tf.variable_scope("net", use_resource=True):
    logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
    weights = tf.trainable_variables()

    def variable(name, start):
        return tf.get_variable(name, initializer=start, trainable=False)

    power1, power2 = variable("power1", 0.9), variable("power2", 0.99)
    updates = []
    for w, g in zip(weights, tf.gradients(loss, weights)):
        m = variable(w.op.name + "/first", tf.zeros(w.shape))
        v = variable(w.op.name + "/second", tf.zeros(w.shape))
        new_m = 0.9 * m + 0.1 * g
        new_v = 0.99 * v + 0.01 * tf.square(g)
        step = 0.02 * (new_m / (1.0 - power1)) / (tf.sqrt(new_v / (1.0 - power2)) + 1e-6)
        updates += [m.assign(new_m), v.assign(new_v), w.assign_sub(step)]
with tf.control_dependencies(updates):
    train = tf.group(power1.assign(power1 * 0.9), power2.assign(power2 * 0.99))
write(
    "an optimizer written by hand",
    "Exact continuation: an optimizer class with the formula, and the powers by its iterations.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
