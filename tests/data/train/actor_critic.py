"""An actor and a critic with a layer in common, two losses of fed returns and advantages.

A rate that decays by a step of its own, gradients clipped, momentum.
"""

from golden import *

rng = start(73)
s = tf.placeholder(tf.float32, [None, 4], "state")
a = tf.placeholder(tf.int32, [None], "action")
target = tf.placeholder(tf.float32, [None, 1], "td_target")
gain = tf.placeholder(tf.float32, [None], "advantage")
h = tf.layers.dense(s, 8, tf.nn.tanh, name="shared")
with tf.variable_scope("actor"):
    logits = tf.layers.dense(h, 3, name="logits")
with tf.variable_scope("critic"):
    value = tf.layers.dense(tf.layers.dense(h, 6, tf.nn.relu, name="v1"), 1, name="value")

taken = tf.reduce_sum(tf.nn.log_softmax(logits) * tf.one_hot(a, 3), 1)
pi = tf.nn.softmax(logits)
entropy = -tf.reduce_sum(pi * tf.log(pi + 1e-8), 1)
actor_loss = -tf.reduce_mean(taken * gain + 0.01 * entropy)
critic_loss = tf.losses.mean_squared_error(target, value)
common = tf.trainable_variables("shared")
step = tf.Variable(0, trainable=False, name="actor_step")
rate = tf.train.exponential_decay(0.05, step, 4, 0.7)
optimizer = tf.train.MomentumOptimizer(rate, 0.9)
pairs = optimizer.compute_gradients(actor_loss, common + tf.trainable_variables("actor"))
clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.5)
with_actor = optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), step)
with_critic = tf.train.AdamOptimizer(0.01).minimize(
    critic_loss, var_list=common + tf.trainable_variables("critic")
)
write(
    "actor and critic",
    "Both losses, which train one layer in turn, each with its own slots for it.",
    [s],
    [logits, value],
    with_critic,
    critic_loss,
    lambda n: {
        s: rng.randn(n, 4),
        a: rng.randint(0, 3, n),
        gain: rng.randn(n),
        target: rng.randn(n, 1),
    },
    turns=[(with_actor, actor_loss, 1)],
)
