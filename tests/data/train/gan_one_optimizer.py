"""A GAN with one Adam object for both networks: steps of either move the same powers of beta."""

from golden import *

rng = start(76)
z = tf.placeholder(tf.float32, [None, 3], "z")
real = tf.placeholder(tf.float32, [None, 5], "real")
with tf.variable_scope("generator"):
    fake = tf.layers.dense(tf.layers.dense(z, 8, tf.nn.relu), 5)


def discriminator(v):
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(v, 8, tf.tanh, name="d1")
        return tf.layers.dense(h, 1, tf.sigmoid, name="d2")


of_real, of_fake = discriminator(real), discriminator(fake)
d_loss = -tf.reduce_mean(tf.log(of_real) + tf.log(1.0 - of_fake))
g_loss = -tf.reduce_mean(tf.log(of_fake))
optimizer = tf.train.AdamOptimizer(1e-2)
d_train = optimizer.minimize(d_loss, var_list=tf.trainable_variables("discriminator"))
g_train = optimizer.minimize(g_loss, var_list=tf.trainable_variables("generator"))
write(
    "a pair of networks",
    "Both losses with one optimizer, whose steps are those of both.",
    [z, real],
    [fake, of_real, of_fake],
    d_train,
    d_loss,
    lambda n: {z: rng.randn(n, 3), real: rng.randn(n, 5)},
    turns=[(g_train, g_loss, 1)],
)
