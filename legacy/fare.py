"""fare in TensorFlow 1: taxi fares by a network of two hidden layers; rmse by hand."""

import os
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_inputs=5, learning_rate=0.001, seed=0, dtype="float32"):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")  # degrees, and a count
    y = tf.placeholder(dtype, [None, 1], name="y")  # dollars

    # --- variables
    # Degrees as they are, -74 and 41, can drive a whole layer below 0, where ReLU learns nothing:
    # with the seeds 1, 2 and 3 they do.
    tf.set_random_seed(seed)
    glorot = [tf.glorot_uniform_initializer(seed=s) for s in (11, 12, 13)]

    # --- forward
    h = tf.layers.dense(x, 32, tf.nn.relu, kernel_initializer=glorot[0], name="hidden1")
    h = tf.layers.dense(h, 8, tf.nn.relu, kernel_initializer=glorot[1], name="hidden2")
    fare = tf.layers.dense(h, 1, kernel_initializer=glorot[2], name="output")  # any number

    # --- loss
    # Both have shape [batch, 1]. With y of shape [batch] the difference would be [batch, batch].
    loss = tf.reduce_mean(tf.square(fare - y), name="mse")
    rmse = tf.sqrt(loss, name="rmse")  # of whatever is fed: a batch, or the whole test set

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(x=x, y=y, logits=fare, loss=loss, rmse=rmse, train=train, saver=saver)


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch over the data in order.

    Returns:
        The loss of each step, before its update.
    """
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        _, loss = session.run([net.train, net.loss], {net.x: x[batch], net.y: y[batch]})
        losses.append(loss)
    return losses


def evaluate(session, net, x, y):
    """The root of the mean squared error, in dollars."""
    return session.run(net.rmse, {net.x: x, net.y: y})


def predict(session, net, x):
    """The fares, shape (examples, 1)."""
    return session.run(net.logits, {net.x: x})


def train_virtually(session, net, data, test, examples, evaluations, batch_size=32):
    """Evaluates after so many examples, wherever that is in the data: a virtual epoch.

    Returns:
        The rmse on the test set after each virtual epoch.
    """
    dataset = tf.data.Dataset.from_tensor_slices(data).repeat().batch(batch_size)
    next_batch = tf.data.make_one_shot_iterator(dataset).get_next()
    history = []
    for _ in range(evaluations):
        for _ in range(examples // (batch_size * evaluations)):
            x, y = session.run(next_batch)
            session.run(net.train, {net.x: x, net.y: y})
        history.append(evaluate(session, net, *test))
    return np.array(history)


def values(x_train, y_train, x_test, y_test, folder, examples=4000, evaluations=5):
    """Virtual epochs, and rmse over the whole test set against its mean over batches."""
    net = build(x_train.shape[1])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        save(session, net, os.path.join(folder, "fare.ckpt"))
        untrained = [
            evaluate(session, net, x_test[start : start + 32], y_test[start : start + 32])
            for start in range(0, len(x_test), 32)
        ]
        return {
            "rmse of the test set": evaluate(session, net, x_test, y_test),
            "rmse, averaged over batches": np.mean(untrained),
            "steps in a virtual epoch": examples // (32 * evaluations),
            "rmse after each": train_virtually(
                session, net, (x_train, y_train), (x_test, y_test), examples, evaluations
            ),
        }


# --- save
def save(session, net, path):
    """Writes the weights, and with them Adam's two averages of each and its powers of beta."""
    return net.saver.save(session, path)
