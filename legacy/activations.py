"""activations in TensorFlow 1: 784 → 300 → 100 → 10 with LeakyReLU, ELU or SELU."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

ACTIVATIONS = {"leaky_relu": tf.nn.leaky_relu, "elu": tf.nn.elu, "selu": tf.nn.selu}


def build(num_inputs=784, num_classes=10, activation="leaky_relu", learning_rate=0.001, seed=0):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes

    # --- variables
    # SELU keeps mean 0 and deviation 1 only with LeCun's rule, 1 / n; the others take He's, 2 / n.
    tf.set_random_seed(seed)
    normal = tf.initializers.lecun_normal if activation == "selu" else tf.initializers.he_normal

    # --- forward
    # tf.nn.leaky_relu has slope 0.2 below zero.
    function = ACTIVATIONS[activation]
    h = tf.layers.dense(x, 300, function, kernel_initializer=normal(seed=1), name="hidden1")
    h = tf.layers.dense(h, 100, function, kernel_initializer=normal(seed=2), name="hidden2")
    glorot = tf.glorot_uniform_initializer(seed=3)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot, name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.float32), name="accuracy")

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
    """Writes the weights; the activation is not among them, it stays in the program."""
    return net.saver.save(session, path)
