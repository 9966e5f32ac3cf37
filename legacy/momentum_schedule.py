"""momentum-schedule in TensorFlow 1: where the learning rate stands when it changes."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

MOMENTUM, CHANGE = 0.9, 30  # the learning rate is 0.1 for 31 steps, and then 0.001


# --- forward
def build(num_inputs, num_classes):
    """Softmax regression, and a learning rate that hangs on the step."""
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, num_inputs])
    y = tf.placeholder(tf.float32, [None, num_classes])
    w = tf.Variable(tf.random_normal([num_inputs, num_classes], stddev=0.05, seed=1), name="w")
    b = tf.Variable(tf.zeros([num_classes]), name="b")
    logits = tf.nn.bias_add(tf.matmul(x, w), b)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(global_step, [CHANGE], [0.1, 0.001])
    return x, y, w, tf.reduce_mean(cross_entropy), global_step, rate


# --- trap
def keras_momentum(loss, rate, global_step, momentum):
    """What a port to Keras computes: a sum of steps, each with the rate of its time."""
    updates = []
    for w in tf.trainable_variables():
        (g,) = tf.gradients(loss, [w])
        v = tf.Variable(tf.zeros(w.shape), trainable=False)
        updates.append(w.assign_add(v.assign(momentum * v - rate * g)))
    with tf.control_dependencies(updates):
        return global_step.assign_add(1)


def trap(x_train, y_train, x_test, y_test, momentum=MOMENTUM, epochs=4):
    """The rate is inside the sum: old steps go on at the old rate."""
    x, y, w, loss, global_step, rate = build(x_train.shape[1], y_train.shape[1])
    step = keras_momentum(loss, rate, global_step, momentum)
    return run(x, y, w, loss, step, x_train, y_train, epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, momentum=MOMENTUM, epochs=4):
    """TF1 sums up gradients, and multiplies by the rate of now."""
    x, y, w, loss, global_step, rate = build(x_train.shape[1], y_train.shape[1])
    step = tf.train.MomentumOptimizer(rate, momentum).minimize(loss, global_step)
    return run(x, y, w, loss, step, x_train, y_train, epochs)


# --- loop
def run(x, y, w, loss, step, x_train, y_train, epochs, batch_size=128):
    """Trains, and gives the loss and the weights after each step."""
    losses, weights = [], []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(epochs):
            for start in range(0, len(x_train), batch_size):
                batch = slice(start, start + batch_size)
                feed = {x: x_train[batch], y: y_train[batch]}
                losses.append(session.run([loss, step], feed)[0])
                weights.append(session.run(w))
    moved = np.abs(np.diff(weights, axis=0)).max((1, 2))
    print(f"longest step of a weight, just before the change {moved[CHANGE - 1]:.5f}")
    print(f"and just after it {moved[CHANGE]:.5f}")
    return {
        "loss, first 32 steps": np.array(losses[: CHANGE + 2]),
        "loss, thereafter": np.array(losses[CHANGE + 2 :]),
        "weights": weights[-1],
    }
