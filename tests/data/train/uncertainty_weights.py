"""Two tasks whose losses are weighted by trained log variances: variables that only the loss takes;
it takes a kernel that the network has, too.
"""

from golden import *

rng = start(61)
x = tf.placeholder(tf.float32, [None, 6], "x")
y, z = tf.placeholder(tf.int32, [None], "y"), tf.placeholder(tf.float32, [None, 1], "z")
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h")
logits, value = tf.layers.dense(h, 4, name="logits"), tf.layers.dense(h, 1, name="value")
with tf.variable_scope("loss", use_resource=True):
    s = [tf.get_variable(f"log_variance_{n}", [], initializer=tf.zeros_initializer()) for n in "ab"]
entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
error = tf.reduce_mean(tf.square(value - z))
kernel = tf.trainable_variables("value/kernel")[0]
loss = tf.exp(-s[0]) * tf.reduce_mean(entropy) + s[0] + tf.exp(-s[1]) * error + s[1]
loss += 0.01 * tf.square(tf.reduce_sum(kernel) - 1.0)
train = tf.train.AdamOptimizer(0.01).minimize(loss)
write(
    "weights of the loss",
    "Both heads; the log variances are weights of the model that its loss takes; "
    "training exact, with their slots.",
    [x],
    [logits, value],
    train,
    loss,
    lambda n: {x: rng.randn(n, 6), y: rng.randint(0, 4, n), z: rng.randn(n, 1)},
)
