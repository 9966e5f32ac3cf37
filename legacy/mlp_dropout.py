"""mlp-dropout in TensorFlow 1: mlp-deep with dropout 0.3 after each hidden layer."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784,
    num_hidden=256,
    num_classes=10,
    rate=0.3,
    learning_rate=0.001,
    seed=0,
    dtype="float32",
):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(dtype, [None, num_classes], name="y")  # one-hot
    # The phase is an input of the graph. Whoever forgets to feed it gets no dropout.
    training = tf.placeholder_with_default(False, [], name="training")

    # --- variables
    # Dropout has none; its masks follow from the seeds of the graph and of the operation.
    tf.set_random_seed(seed)
    glorot = [tf.glorot_uniform_initializer(seed=s) for s in (1, 2, 3)]

    # --- forward
    h = tf.layers.dense(x, num_hidden, tf.nn.relu, kernel_initializer=glorot[0], name="hidden1")
    h = tf.layers.dropout(h, rate=rate, training=training, seed=4)
    h = tf.layers.dense(h, num_hidden, tf.nn.relu, kernel_initializer=glorot[1], name="hidden2")
    h = tf.layers.dropout(h, rate=rate, training=training, seed=5)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot[2], name="outputs")

    # --- loss
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x,
        y=y,
        training=training,
        logits=logits,
        loss=loss,
        accuracy=accuracy,
        train=train,
        saver=saver,
    )


# --- loop
def train(session, net, x, y, batch_size=128):
    """One epoch over the data in order, with dropout.

    Returns:
        The loss of each step, before its update.
    """
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        feed = {net.x: x[batch], net.y: y[batch], net.training: True}
        _, loss = session.run([net.train, net.loss], feed)
        losses.append(loss)
    return losses


def evaluate(session, net, x, y):
    """The share of examples whose class is right; without dropout."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, classes); without dropout."""
    return session.run(net.logits, {net.x: x})


# --- save
def save(session, net, path):
    """Writes the weights and the state of Adam."""
    return net.saver.save(session, path)
