"""deep-100 in TensorFlow 1: a hundred hidden layers, SELU or ReLU."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784,
    num_classes=10,
    activation="selu",
    num_layers=100,
    learning_rate=0.001,
    seed=0,
    dtype="float32",
):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    # Standardized: SELU keeps a mean of 0 and a deviation of 1, if it is given them.
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes

    # --- variables
    # Each layer its own seed: two layers with one seed would have the same weights.
    tf.set_random_seed(seed)
    function, normal = {
        "selu": (tf.nn.selu, tf.initializers.lecun_normal),
        "relu": (tf.nn.relu, tf.initializers.he_normal),
    }[activation]

    # --- forward
    h = x
    for number in range(1, num_layers + 1):
        units = 300 if number == 1 else 100
        name = f"hidden{number}"
        h = tf.layers.dense(h, units, function, kernel_initializer=normal(seed=number), name=name)
    glorot = tf.glorot_uniform_initializer(seed=101)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot, name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.nn.in_top_k(tf.cast(logits, tf.float32), y, 1)
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

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
    """Writes 202 variables."""
    return net.saver.save(session, path)
