"""momentum by hand, which uses what the assignment of a slot gives back"""

from golden import *

rng = start(62)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
c = tf.constant_initializer(0.1)
h = tf.layers.dense(x, 8, tf.nn.tanh, name="h", bias_initializer=c)
logits = tf.layers.dense(h, 3, name="logits", bias_initializer=c)
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
weights = tf.trainable_variables()
gradients = tf.gradients(loss, weights)
with tf.control_dependencies(gradients):
    gradients = [tf.identity(gradient) for gradient in gradients]
updates = []
for number, (gradient, weight) in enumerate(zip(gradients, weights)):
    velocity = tf.get_variable(
        f"velocity_{number}",
        weight.shape,
        initializer=tf.zeros_initializer(),
        trainable=False,
    )
    moved = velocity.assign(0.9 * velocity + gradient)
    updates.append(weight.assign_sub(0.1 * moved))
train = tf.group(*updates)

write(
    "momentum by hand",
    "Exact continuation with the velocities of the checkpoint.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
