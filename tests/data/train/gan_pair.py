"""A generator and a discriminator: sigmoid cross entropies, an Adam each, one global step."""

from golden import *

rng = start(71)
real = tf.placeholder(tf.float32, [None, 6], "real")
z = tf.placeholder(tf.float32, [None, 3], "z")


def discriminator(v):
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(v, 8, tf.nn.leaky_relu, name="d1")
        return tf.layers.dense(h, 1, name="d2")


with tf.variable_scope("generator"):
    fake = tf.layers.dense(tf.layers.dense(z, 8, tf.nn.relu, name="g1"), 6, tf.nn.tanh, name="g2")
of_real, of_fake = discriminator(real), discriminator(fake)


def cross_entropy(logits, labels):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))


d_loss = cross_entropy(of_real, tf.ones_like(of_real) * 0.9)
d_loss += cross_entropy(of_fake, tf.zeros_like(of_fake))
g_loss = cross_entropy(of_fake, tf.ones_like(of_fake))
step = tf.train.get_or_create_global_step()
d_vars = [v for v in tf.trainable_variables() if "discriminator" in v.name]
g_vars = [v for v in tf.trainable_variables() if "generator" in v.name]
d_train = tf.train.AdamOptimizer(2e-3, beta1=0.5).minimize(d_loss, step, d_vars)
g_train = tf.train.AdamOptimizer(1e-3, beta1=0.5).minimize(g_loss, step, g_vars)
write(
    "a pair of networks",
    "Both losses, optimizers and their state: compile_model trains the discriminator, "
    "generator_trainer(model) the generator.",
    [real, z],
    [fake, of_real, of_fake],
    d_train,
    d_loss,
    lambda n: {real: rng.randn(n, 6).clip(-1, 1), z: rng.uniform(-1, 1, (n, 3))},
    turns=[(g_train, g_loss, 1)],
)
