"""Masked gradients: a pruned kernel keeps its zeros because its gradient is multiplied by a
constant mask.
"""

from golden import *

rng = start(39)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
mask = (rng.rand(6, 12) < 0.6).astype("float32")
kernel = tf.get_variable("h/kernel", initializer=rng.randn(6, 12).astype("float32") * mask * 0.5)
bias = tf.get_variable("h/bias", [12], initializer=tf.zeros_initializer())
logits = tf.layers.dense(tf.nn.tanh(tf.matmul(x, kernel) + bias), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.GradientDescentOptimizer(0.1)
pairs = [(g * mask if v is kernel else g, v) for g, v in optimizer.compute_gradients(loss)]
train = optimizer.apply_gradients(pairs)
write(
    "masked gradients",
    "Exact continuation with the mask (the pruned weights stay 0), or a plain warning that the "
    "gradient of h/kernel is masked.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
