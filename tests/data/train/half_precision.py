"""Float16 computation with float32 master weights (custom getter), a loss scale of 128 taken back
in float32.
"""

from golden import *

rng = start(48)


def masters(getter, name, shape=None, dtype=None, **more):
    value = getter(name, shape, dtype=tf.float32 if dtype == tf.float16 else dtype, **more)
    return tf.cast(value, tf.float16) if dtype == tf.float16 else value


x, y = tf.placeholder(tf.float32, [None, 10], "x"), tf.placeholder(tf.int64, [None], "y")
with tf.variable_scope("model", custom_getter=masters):
    h = tf.cast(x, tf.float16)
    for i, width in enumerate((12, 12, 5)):
        w = tf.get_variable(f"w{i}", [int(h.shape[-1]), width], tf.float16)
        b = tf.get_variable(f"b{i}", [width], tf.float16, initializer=tf.zeros_initializer())
        h = tf.nn.bias_add(tf.matmul(h, w), b)
        h = tf.nn.relu(h) if i < 2 else h
    logits = tf.cast(h, tf.float32, name="logits")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
pairs = [(g / 128.0, v) for g, v in optimizer.compute_gradients(loss * 128.0)]
train = optimizer.apply_gradients(pairs, tf.train.get_or_create_global_step())
write(
    "float16 compute with float32 master weights",
    "Converts with float32 weights that compute in float16 (mixed_float16), parity judged by "
    "float16's precision; trains on within that (losses to 2e-3), loss scale 128 or none, never "
    "loss_weights=128.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 10, 5),
    extra={"tolerance": 2e-3},
)
