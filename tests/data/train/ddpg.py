"""DDPG: actor, critic on (state, the actor's action), target copies of both, two optimizers."""

from golden import *

rng = start(54)
s = tf.placeholder(tf.float32, [None, 3], "s")
s_ = tf.placeholder(tf.float32, [None, 3], "s_")
r = tf.placeholder(tf.float32, [None, 1], "r")


def actor(state, scope, trainable):
    with tf.variable_scope(scope):
        h = tf.layers.dense(state, 8, tf.nn.relu, name="l1", trainable=trainable)
        h = tf.layers.dense(h, 1, tf.nn.tanh, name="a", trainable=trainable)
        return tf.multiply(h, 2.0, name="scaled_a")


def critic(state, action, scope, trainable):
    with tf.variable_scope(scope):
        w1 = tf.get_variable("w1_s", [3, 8], trainable=trainable)
        w2 = tf.get_variable("w1_a", [1, 8], trainable=trainable)
        b1 = tf.get_variable("b1", [1, 8], trainable=trainable)
        h = tf.nn.relu(tf.matmul(state, w1) + tf.matmul(action, w2) + b1)
        return tf.layers.dense(h, 1, name="q", trainable=trainable)


with tf.variable_scope("Actor"):
    act = actor(s, "eval", True)
    act_ = actor(s_, "target", False)
with tf.variable_scope("Critic"):
    q = critic(s, act, "eval", True)
    q_ = critic(s_, act_, "target", False)


def variables(scope):
    return tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope)


td = tf.losses.mean_squared_error(labels=r + 0.9 * tf.stop_gradient(q_), predictions=q)
with_critic = tf.train.AdamOptimizer(0.01).minimize(td, var_list=variables("Critic/eval"))
actor_loss = -tf.reduce_mean(q)
with_actor = tf.train.AdamOptimizer(0.005).minimize(actor_loss, var_list=variables("Actor/eval"))
soft = tf.group(
    *[
        tf.assign(t, 0.99 * t + 0.01 * e)
        for part in ("Actor", "Critic")
        for t, e in zip(variables(part + "/target/"), variables(part + "/eval/")[:6])
    ],
    name="soft_replace",
)


def batch(n):
    return {s: rng.randn(n, 3), s_: rng.randn(n, 3), r: rng.randn(n, 1)}


write(
    "actor-critic (DDPG)",
    "The actor (Actor/eval, scaled_a) is the model or an output of it; the critic and both targets "
    "are named as left out, or given; a plain warning says that two losses and the soft "
    "replacement are not carried.",
    [s],
    [act],
    with_critic,
    td,
    batch,
    then=[with_actor, soft],
)
