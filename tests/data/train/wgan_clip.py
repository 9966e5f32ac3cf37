"""A Wasserstein critic whose weights are clipped to +-0.03 by a separate op after each step."""

from golden import *

rng = start(41)
real = tf.placeholder(tf.float32, [None, 5], "real")
z = tf.placeholder(tf.float32, [None, 3], "z")
with tf.variable_scope("generator"):
    fake = tf.layers.dense(tf.layers.dense(z, 8, tf.nn.relu, name="g1"), 5, name="g2")


def critic(v):
    with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):
        return tf.layers.dense(tf.layers.dense(v, 8, tf.nn.leaky_relu, name="d1"), 1, name="d2")


score = critic(real)
loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(score)
weights = tf.trainable_variables("critic")
train = tf.train.RMSPropOptimizer(0.005).minimize(loss, var_list=weights)
clip = tf.group(*[v.assign(tf.clip_by_value(v, -0.03, 0.03)) for v in weights], name="clip")
write(
    "weight clipping in a separate op",
    "Forward: critic or generator, told which and that the other exists. Training: kernel and "
    "bias constraints that clip to +-0.03 (with the loss if it can be carried), or a plain "
    "warning that an op of the program clips the critic's weights.",
    [real],
    [score],
    train,
    loss,
    lambda n: {real: rng.randn(n, 5) + 1, z: rng.randn(n, 3)},
    then=[clip],
)
