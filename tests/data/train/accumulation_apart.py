"""three operations of the program: zero the sums, add gradients to them, apply them."""

from golden import *

rng = start(63)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 9, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
weights = tf.trainable_variables()
held = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in weights]
zero = tf.group(*[a.assign(tf.zeros_like(a)) for a in held])
optimizer = tf.train.AdamOptimizer(0.02)
pairs = optimizer.compute_gradients(loss, weights)
add = tf.group(*[a.assign_add(g) for a, (g, _) in zip(held, pairs)])
train = optimizer.apply_gradients([(a / 2.0, v) for a, v in zip(held, weights)])
write(
    "gradient accumulation",
    "A warning that the program decides when the sums are applied; gradient_accumulation_steps=2 "
    "by the divisor, with Adam and the loss.",
    [x],
    [logits],
    add,
    loss,
    classes(rng, x, y, 6, 3),
    before=12,
    then=[train, zero],
)
