"""PPO: policy, old policy and value networks on one state; ratio clipped, one Adam over policy and
value, entropy bonus.
"""

from golden import *

rng = start(53)
s, a = tf.placeholder(tf.float32, [None, 4], "state"), tf.placeholder(tf.int32, [None], "action")
gain, back = tf.placeholder(tf.float32, [None], "adv"), tf.placeholder(tf.float32, [None], "ret")


def net(scope, width):
    with tf.variable_scope(scope):
        return tf.layers.dense(tf.layers.dense(s, 8, tf.nn.tanh), width)


with tf.variable_scope("ppo"):
    pi, old, value = net("pi", 2), net("old_pi", 2), net("value", 1)[:, 0]
    hot = tf.one_hot(a, 2)
    new_log = tf.reduce_sum(tf.nn.log_softmax(pi) * hot, 1)
    old_log = tf.stop_gradient(tf.reduce_sum(tf.nn.log_softmax(old) * hot, 1))
    ratio = tf.exp(new_log - old_log)
    surrogate = tf.minimum(ratio * gain, tf.clip_by_value(ratio, 0.8, 1.2) * gain)
    entropy = -tf.reduce_sum(tf.nn.softmax(pi) * tf.nn.log_softmax(pi), 1)
    loss = tf.reduce_mean(-surrogate + 0.5 * tf.square(value - back) - 0.01 * entropy)
    learned = tf.trainable_variables("ppo/pi") + tf.trainable_variables("ppo/value")
    train = tf.train.AdamOptimizer(1e-2).minimize(loss, var_list=learned)
    renew = tf.group(
        *[
            tf.assign(o, p)
            for o, p in zip(tf.trainable_variables("ppo/old_pi"), tf.trainable_variables("ppo/pi"))
        ]
    )
    act = tf.argmax(pi, 1, name="act")


def batch(n):
    return {s: rng.randn(n, 4), a: rng.randint(0, 2, n), gain: rng.randn(n), back: rng.randn(n)}


write(
    "actor-critic (PPO)",
    "The policy (ppo/pi logits) is the model or an output of it; old_pi and value are named as "
    "networks left out, or given; the loss is carried or a plain warning says not.",
    [s],
    [pi],
    train,
    loss,
    batch,
)
