"""mlp-128 in TensorFlow 1: one to three layers of 128, ReLU, Adam, classes as whole numbers."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    height=28,
    width=28,
    num_classes=10,
    num_layers=1,
    learning_rate=0.001,
    seed=0,
    dtype="float32",
):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    # Sparse: y is the class itself, not one-hot. The loss has to be the sparse one too.
    x = tf.placeholder(dtype, [None, height, width], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")

    # --- variables
    # tf.layers makes them inside dense(): kernels by Glorot's rule, biases zero.
    tf.set_random_seed(seed)

    # --- forward
    h = tf.layers.flatten(x)
    for number in range(1, num_layers + 1):
        glorot = tf.glorot_uniform_initializer(seed=number)
        h = tf.layers.dense(h, 128, tf.nn.relu, kernel_initializer=glorot, name=f"hidden{number}")
    glorot = tf.glorot_uniform_initializer(seed=num_layers + 1)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot, name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.nn.in_top_k(tf.cast(logits, tf.float32), y, 1)
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

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
    """Writes the weights, and with them Adam's two averages of each and its powers of beta."""
    return net.saver.save(session, path)
