"""WGAN-GP: a penalty on the gradients of a convolutional critic between real and generated images.

The first layers' activations are a leaky ReLU and tanh; one optimizer has a rate that decays.
"""

from golden import *

rng = start(74)
z = tf.placeholder(tf.float32, [None, 3], "z")
real = tf.placeholder(tf.float32, [None, 4, 4, 1], "real")
alpha = tf.placeholder(tf.float32, [None, 1, 1, 1], "alpha")
with tf.variable_scope("generator"):
    made = tf.layers.dense(tf.layers.dense(z, 8, tf.nn.relu), 16, tf.tanh)
    fake = tf.reshape(made, [-1, 4, 4, 1])


def critic(v):
    with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):
        h = tf.nn.leaky_relu(tf.layers.conv2d(v, 3, 3, 2, "same", name="c1"))
        h = tf.layers.conv2d(h, 4, 2, activation=tf.tanh, name="c2")
        return tf.layers.dense(tf.layers.flatten(h), 1, name="out")


of_real, of_fake = critic(real), critic(fake)
between = real + alpha * (fake - real)
(gradient,) = tf.gradients(critic(between), [between])
norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), [1, 2, 3]) + 1e-8)
c_loss = tf.reduce_mean(of_fake) - tf.reduce_mean(of_real)
c_loss += 10.0 * tf.reduce_mean((norm - 1.0) ** 2)
g_loss = -tf.reduce_mean(of_fake)
c_vars, g_vars = tf.trainable_variables("critic"), tf.trainable_variables("generator")
step = tf.Variable(0, trainable=False, name="g_step")
rate = tf.train.exponential_decay(2e-3, step, 3, 0.8, staircase=True)
c_train = tf.train.AdamOptimizer(1e-3, 0.5, 0.9).minimize(c_loss, var_list=c_vars)
g_train = tf.train.AdamOptimizer(rate, 0.5, 0.9).minimize(g_loss, step, g_vars)
write(
    "a pair of networks",
    "Both losses: the critic's gradient is an output of the model, by the critic's own weights.",
    [z, real, alpha],
    [fake, of_real, of_fake, gradient],
    c_train,
    c_loss,
    lambda n: {
        z: rng.randn(n, 3),
        real: rng.randn(n, 4, 4, 1),
        alpha: rng.rand(n, 1, 1, 1),
    },
    turns=[(g_train, g_loss, 2)],
)
