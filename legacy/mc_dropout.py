"""mc-dropout in TensorFlow 1: a hundred predictions with dropout left on."""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_inputs=784, num_classes=10, learning_rate=0.05, seed=0):
    """784 → 300 → 100 → 10, ELU, dropout 0.2 before each layer."""
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes
    training = tf.placeholder_with_default(False, [], name="training")

    # --- variables
    tf.set_random_seed(seed)
    he = [tf.initializers.he_normal(seed=s) for s in (1, 2, 3)]

    # --- forward
    h = tf.layers.dropout(x, rate=0.2, training=training, seed=4)
    h = tf.layers.dense(h, 300, tf.nn.elu, kernel_initializer=he[0], name="hidden1")
    h = tf.layers.dropout(h, rate=0.2, training=training, seed=5)
    h = tf.layers.dense(h, 100, tf.nn.elu, kernel_initializer=he[1], name="hidden2")
    h = tf.layers.dropout(h, rate=0.2, training=training, seed=6)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=he[2], name="outputs")
    probabilities = tf.nn.softmax(logits, name="probabilities")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")

    # --- optimizer
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x,
        y=y,
        training=training,
        probabilities=probabilities,
        loss=loss,
        train=train,
        saver=saver,
    )


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch over the data in order; returns the loss of each step, before its update."""
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        feed = {net.x: x[batch], net.y: y[batch], net.training: True}
        _, loss = session.run([net.train, net.loss], feed)
        losses.append(loss)
    return losses


def accuracy(probabilities, y):
    """The share of examples whose class is right."""
    return (probabilities.argmax(axis=1) == y).mean()


# --- dropout
def values(x_train, y_train, x_test, y_test, folder, epochs, samples):
    """Trains, then predicts once without dropout and a hundred times with it."""
    num_classes = int(y_train.max()) + 1
    with tf.Graph().as_default(), tf.Session() as session:
        net = build(x_train.shape[1], num_classes)
        session.run(tf.global_variables_initializer())
        save(session, net, f"{folder}/initial.ckpt")
        losses = [train(session, net, x_train, y_train) for _ in range(epochs)]
        save(session, net, f"{folder}/trained.ckpt")

        # A session of its own: masks are drawn from their beginning, whatever training drew.
    with tf.Session(graph=net.x.graph) as session:
        net.saver.restore(session, f"{folder}/trained.ckpt")
        plain = session.run(net.probabilities, {net.x: x_test})
        # The phase is an input: dropout stays on for whoever feeds True.
        feed = {net.x: x_test, net.training: True}
        drawn = np.stack([session.run(net.probabilities, feed) for _ in range(samples)])

    mean, deviation = drawn.mean(axis=0), drawn.std(axis=0)
    print("first example, dropout off:", plain[0].round(2))
    print("first example, mean       :", mean[0].round(2))
    print("first example, deviation  :", deviation[0].round(2))
    return {
        "loss of each step": np.concatenate(losses),
        "probabilities, dropout off": plain,
        "probabilities, mean": mean,
        "probabilities, deviation": deviation,
        "accuracy, dropout off": accuracy(plain, y_test),
        "accuracy, mean": accuracy(mean, y_test),
    }


# --- save
def save(session, net, path):
    """Writes the weights; dropout has none."""
    return net.saver.save(session, path)
