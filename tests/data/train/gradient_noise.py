"""Normal noise added to every gradient."""

from golden import *

rng = start(36)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
optimizer = tf.train.AdamOptimizer(0.01)
pairs = optimizer.compute_gradients(loss)
pairs = [(g + tf.random_normal(tf.shape(g), 0.0, 0.3), v) for g, v in pairs]
train = optimizer.apply_gradients(pairs)
write(
    "gradient noise",
    "Converts forward exactly and says plainly that noise of deviation 0.3 is added to the "
    "gradients (a train step that adds it cannot match draw by draw: only the first of "
    "train_losses compares).",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
    extra={"random": True},
)
