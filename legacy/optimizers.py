"""optimizers in TensorFlow 1: one SELU net, 784 → 300 → 100 → 10, under each tf.train optimizer."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

# Nadam and AdaMax are not here: tf.train has neither (contrib had both).
OPTIMIZERS = {
    "sgd": tf.train.GradientDescentOptimizer,
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, momentum=0.9),
    "nesterov": lambda rate: tf.train.MomentumOptimizer(rate, momentum=0.9, use_nesterov=True),
    "adagrad": tf.train.AdagradOptimizer,
    "rmsprop": lambda rate: tf.train.RMSPropOptimizer(rate, decay=0.9),
    "adam": tf.train.AdamOptimizer,
    "ftrl": tf.train.FtrlOptimizer,
    "adadelta": tf.train.AdadeltaOptimizer,
}
OPTIMIZERS["rmsprop_keras"] = OPTIMIZERS["rmsprop"]  # one here; the other side shows two


def build(
    num_inputs=784,
    num_classes=10,
    optimizer="sgd",
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
    y = tf.placeholder(tf.int64, [None], name="y")  # classes

    # --- variables
    tf.set_random_seed(seed)
    normal = [tf.initializers.lecun_normal(seed=s) for s in (1, 2, 3)]

    # --- forward
    h = tf.layers.dense(x, 300, tf.nn.selu, kernel_initializer=normal[0], name="hidden1")
    h = tf.layers.dense(h, 100, tf.nn.selu, kernel_initializer=normal[1], name="hidden2")
    logits = tf.layers.dense(h, num_classes, kernel_initializer=normal[2], name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.nn.in_top_k(tf.cast(logits, tf.float32), y, 1)
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    # minimize() adds to the graph the gradients, the slots of the variables, and the update.
    train = OPTIMIZERS[optimizer](learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x, y=y, logits=logits, loss=loss, accuracy=accuracy, train=train, saver=saver
    )


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
    """The share of examples whose class is right."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, classes)."""
    return session.run(net.logits, {net.x: x})


# --- save
def save(session, net, path):
    """Writes the weights, and the slots of the optimizer: hidden1/kernel/Momentum …"""
    return net.saver.save(session, path)
