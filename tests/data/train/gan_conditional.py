"""A conditional GAN: tables of labels, least squares, a penalty in each loss on its own network.

Each optimizer has a step of its own, by which its rate decays.
"""

from golden import *

rng = start(77)
z = tf.placeholder(tf.float32, [None, 3], "z")
real = tf.placeholder(tf.float32, [None, 5], "real")
label = tf.placeholder(tf.int32, [None], "label")
decay = tf.contrib.layers.l2_regularizer(0.01)


def of_label():
    return tf.nn.embedding_lookup(tf.get_variable("embedding", [4, 2]), label)


with tf.variable_scope("generator"):
    h = tf.concat([z, of_label()], 1)
    h = tf.layers.dense(h, 8, tf.nn.relu, name="g1", kernel_regularizer=decay)
    fake = tf.layers.dense(h, 5, name="g2")


def discriminator(v):
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        h = tf.concat([v, of_label()], 1)
        h = tf.layers.dense(h, 8, tf.tanh, name="d1", kernel_regularizer=decay)
        return tf.layers.dense(h, 1, name="d2")


of_real, of_fake = discriminator(real), discriminator(fake)
d_loss = 0.5 * (tf.reduce_mean(tf.square(of_real - 1.0)) + tf.reduce_mean(tf.square(of_fake)))
d_loss += tf.add_n(tf.losses.get_regularization_losses("discriminator"))
g_loss = 0.5 * tf.reduce_mean(tf.square(of_fake - 1.0))
g_loss += tf.add_n(tf.losses.get_regularization_losses("generator"))
d_step = tf.Variable(0, trainable=False, name="d_step")
g_step = tf.Variable(0, trainable=False, name="g_step")
d_rate = tf.train.exponential_decay(0.01, d_step, 5, 0.5, staircase=True)
g_rate = tf.train.polynomial_decay(0.01, g_step, 30, 0.001)
d_vars, g_vars = tf.trainable_variables("discriminator"), tf.trainable_variables("generator")
d_train = tf.train.AdamOptimizer(d_rate).minimize(d_loss, d_step, d_vars)
g_train = tf.train.AdamOptimizer(g_rate).minimize(g_loss, g_step, g_vars)
write(
    "a pair of networks",
    "Both losses, each with its own penalty.",
    [z, real, label],
    [fake, of_real, of_fake],
    d_train,
    d_loss,
    lambda n: {z: rng.randn(n, 3), real: rng.randn(n, 5), label: rng.randint(0, 4, n)},
    turns=[(g_train, g_loss, 1)],
)
