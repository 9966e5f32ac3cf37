"""A Wasserstein GAN: three steps of the critic, whose weights are clipped, to one of the generator.

Batch normalization in the generator; the critic has a penalty on its weights, the generator none.
"""

from golden import *

rng = start(72)
real = tf.placeholder(tf.float32, [None, 5], "real")
z = tf.placeholder(tf.float32, [None, 3], "z")
with tf.variable_scope("gen"):
    h = tf.nn.relu(tf.layers.batch_normalization(tf.layers.dense(z, 8), training=True))
    fake = tf.layers.dense(h, 5)


def critic(v):
    decay = tf.contrib.layers.l2_regularizer(0.01)
    with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(v, 8, tf.nn.leaky_relu, name="c1", kernel_regularizer=decay)
        return tf.layers.dense(h, 1, name="c2")


of_real, of_fake = critic(real), critic(fake)
c_loss = tf.reduce_mean(of_fake) - tf.reduce_mean(of_real) + tf.losses.get_regularization_loss()
g_loss = -tf.reduce_mean(of_fake)
weights = tf.trainable_variables("critic")
with tf.control_dependencies([tf.train.RMSPropOptimizer(5e-3).minimize(c_loss, var_list=weights)]):
    c_train = tf.group(*[v.assign(tf.clip_by_value(v, -0.3, 0.3)) for v in weights], name="train")
g_vars = tf.trainable_variables("gen")
g_train = tf.train.RMSPropOptimizer(2e-3).minimize(g_loss, var_list=g_vars)
write(
    "a pair of networks",
    "Both losses; the critic's optimizer clips its weights; the generator's loss has no penalty.",
    [real, z],
    [fake, of_real, of_fake],
    c_train,
    c_loss,
    lambda n: {real: rng.randn(n, 5) + 1, z: rng.randn(n, 3)},
    turns=[(g_train, g_loss, 3)],
)
