"""mlp-regularized in TensorFlow 1: L2, L1, both; early termination; an ensemble."""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784, num_classes=10, l1=0.0, l2=0.0, learning_rate=0.1, seed=0, dtype="float32"
):
    """784 → 256 → 10, ReLU; ``l1`` and ``l2`` are the factors of the penalties."""
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(dtype, [None, num_classes], name="y")  # one-hot

    # --- variables
    tf.set_random_seed(seed)
    w0 = tf.Variable(
        tf.random_normal([num_inputs, 256], stddev=0.05, dtype=dtype, seed=1), name="w0"
    )
    b0 = tf.Variable(tf.zeros([256], dtype), name="b0")
    w1 = tf.Variable(
        tf.random_normal([256, num_classes], stddev=0.05, dtype=dtype, seed=2), name="w1"
    )
    b1 = tf.Variable(tf.zeros([num_classes], dtype), name="b1")

    # --- forward
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0), name="hidden")
    logits = tf.nn.bias_add(tf.matmul(hidden, w1), b1, name="logits")

    # --- loss
    # tf.nn.l2_loss(w) is half the sum of squares. Biases are not penalized.
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = plain_loss = tf.reduce_mean(cross_entropy)
    if l1:
        loss += l1 * (tf.reduce_sum(tf.abs(w0)) + tf.reduce_sum(tf.abs(w1)))
    if l2:
        loss += l2 * (tf.nn.l2_loss(w0) + tf.nn.l2_loss(w1))
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver([w0, b0, w1, b1], save_relative_paths=True)
    return SimpleNamespace(
        x=x,
        y=y,
        logits=logits,
        loss=loss,
        plain_loss=plain_loss,
        accuracy=accuracy,
        train=train,
        saver=saver,
    )


# --- loop
def train(session, net, x, y, batch_size=128):
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
    """The share of examples whose class is right."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, classes)."""
    return session.run(net.logits, {net.x: x})


def train_until_worse(session, net, data, valid, epochs, patience, gain, path):
    """Early termination: keeps the best weights in a checkpoint, and takes them back at the end."""
    history, best, waited = [], np.inf, 0
    for _ in range(epochs):
        train(session, net, *data)
        loss = session.run(net.plain_loss, {net.x: valid[0], net.y: valid[1]})
        history.append(loss)
        if loss < best - gain:
            best, waited = loss, 0
            net.saver.save(session, path)
        else:
            waited += 1
        if waited == patience:
            break
    net.saver.restore(session, path)
    return np.array(history)


def values(x_train, y_train, x_test, y_test, folder, epochs, patience, gain, learning_rate):
    """Early termination of one network, then an ensemble of three."""
    sizes = {"num_inputs": x_train.shape[1], "num_classes": y_train.shape[1]}
    with tf.Graph().as_default(), tf.Session() as session:
        members = []
        for number in (1, 2, 3):  # the same program, other initial weights
            with tf.name_scope(f"member{number}"):
                members.append(build(**sizes, learning_rate=learning_rate, seed=number))
        session.run(tf.global_variables_initializer())
        tf.train.Saver(save_relative_paths=True).save(session, f"{folder}/initial.ckpt")
        data, valid = (x_train, y_train), (x_test, y_test)
        how = data, valid, epochs, patience, gain
        histories = [
            train_until_worse(session, net, *how, f"{folder}/{number}.ckpt")
            for number, net in enumerate(members)
        ]
        single = [evaluate(session, net, x_test, y_test) for net in members]
        # The mean of the probabilities, not of the logits.
        logits = np.stack([predict(session, net, x_test) for net in members])
        mean = session.run(tf.reduce_mean(tf.nn.softmax(logits), axis=0))
    return {
        "validation loss, by epoch": histories[0],
        "epochs until it stopped": len(histories[0]),
        "accuracy of each": np.array(single),
        "probabilities of the ensemble": mean,
        "accuracy of the ensemble": (mean.argmax(axis=1) == y_test.argmax(axis=1)).mean(),
    }


# --- save
def save(session, net, path):
    """Writes the weights; the penalties are in the graph alone."""
    return net.saver.save(session, path)
