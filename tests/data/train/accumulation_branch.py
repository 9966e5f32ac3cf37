"""the last gradient of a round is added on the way to the update, each clipped before."""

from golden import *

rng = start(62)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
with tf.variable_scope("net", use_resource=True):
    logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
    batches = tf.get_variable("batches", [], tf.int64, tf.zeros_initializer(), trainable=False)
    optimizer = tf.train.AdagradOptimizer(0.2)
    pairs = [(tf.clip_by_value(g, -0.05, 0.05), v) for g, v in optimizer.compute_gradients(loss)]
    held = [
        tf.get_variable(v.op.name + "_sum", v.shape, None, tf.zeros_initializer(), trainable=False)
        for _, v in pairs
    ]


def apply():
    means = [(a.read_value() + g) / 5 for a, (g, _) in zip(held, pairs)]
    done = optimizer.apply_gradients(zip(means, [v for _, v in pairs]))
    with tf.control_dependencies([done]):
        return tf.group(*[a.assign(tf.zeros_like(a)) for a in held])


def add():
    return tf.group(*[a.assign_add(g) for a, (g, _) in zip(held, pairs)])


done = tf.cond(tf.equal((batches + 1) % 5, 0), apply, add)
with tf.control_dependencies([done]):
    train = batches.assign_add(1).op
write(
    "gradient accumulation",
    "Exact continuation: gradient_accumulation_steps=5 in the middle of a round, each gradient "
    "clipped by value before it is added.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
    before=13,
)
