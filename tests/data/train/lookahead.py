"""slow weights that are pulled every fifth step"""

from golden import *

rng = start(51)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
c = tf.constant_initializer(0.1)
step = tf.train.get_or_create_global_step()
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h", bias_initializer=c)
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=c)
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
fast = tf.trainable_variables()
slow = [
    tf.Variable(v.initialized_value(), trainable=False, name="slow_" + v.op.name.replace("/", "_"))
    for v in fast
]
apply = tf.train.GradientDescentOptimizer(0.2).minimize(loss, global_step=step)
with tf.control_dependencies([apply]):
    now = step.read_value() if hasattr(step, "read_value") else tf.identity(step)

    def pull():
        ops = []
        for f, s in zip(fast, slow):
            with tf.control_dependencies([tf.assign(s, s + 0.5 * (f - s))]):
                ops.append(tf.assign(f, s + 0.0))
        return tf.group(*ops)

    train = tf.cond(tf.equal(now % 5, 0), pull, tf.no_op)
train = tf.group(train, name="train")

write(
    "slow weights that are pulled every fifth step",
    "A plain warning that the slow weights are not carried.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
