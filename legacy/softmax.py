"""softmax in TensorFlow 1: 784 → 10, softmax regression, plain gradient descent."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_inputs=784, num_classes=10, learning_rate=0.5, seed=0):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.float32, [None, num_classes], name="y")  # one-hot

    # --- variables
    # One layer may start at zero: each class has a gradient of its own. Two layers may not.
    tf.set_random_seed(seed)
    w = tf.Variable(tf.zeros([num_inputs, num_classes]), name="w")
    b = tf.Variable(tf.zeros([num_classes]), name="b")

    # --- forward
    logits = tf.nn.bias_add(tf.matmul(x, w), b, name="logits")
    tf.nn.softmax(logits, name="probabilities")  # to look at; the loss does not take it

    # --- loss
    # -sum(y * log(softmax(logits))), as the formula has it, is NaN once a probability is 0.
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x, y=y, logits=logits, loss=loss, accuracy=accuracy, train=train, saver=saver
    )


# --- loop
def train(session, net, x, y, batch_size=100):
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
    """Writes w and b under these names."""
    return net.saver.save(session, path)
