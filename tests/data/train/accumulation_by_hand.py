"""means of four gradients, clipped together, for an optimizer that is written by hand."""

from golden import *

rng = start(75)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
weights = tf.trainable_variables()
step = tf.train.get_or_create_global_step()


def slot(w, name):
    return tf.get_variable(
        w.op.name + "/" + name, w.shape, None, tf.zeros_initializer(), trainable=False
    )


held = [slot(w, "sum") for w in weights]
slots = [(slot(w, "m"), slot(w, "v")) for w in weights]
gradients = tf.gradients(loss, weights, gate_gradients=True)
with tf.control_dependencies([a.assign_add(g / 4) for a, g in zip(held, gradients)]):
    counted = step.assign_add(1)


def apply():
    means, _ = tf.clip_by_global_norm([a.read_value() for a in held], 0.1)
    updates = []
    for w, g, (m, v) in zip(weights, means, slots):
        new_m, new_v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * tf.square(g)
        change = new_m / (tf.sqrt(new_v) + 1e-6) + 0.01 * w
        updates += [w.assign(w - 0.01 * change), m.assign(new_m), v.assign(new_v)]
    with tf.control_dependencies(updates):
        return tf.group(*[a.assign(tf.zeros_like(a)) for a in held])


with tf.control_dependencies([counted]):
    train = tf.cond(tf.equal(counted % 4, 0), apply, tf.no_op)
write(
    "gradient accumulation",
    "Exact continuation: gradient_accumulation_steps=4 of an optimizer class with the formula.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
    before=14,
)
