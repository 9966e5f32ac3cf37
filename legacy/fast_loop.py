"""fast-loop in TensorFlow 1: the network of mlp, fed from Python batch by batch."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

from .mlp import evaluate, predict, save

__all__ = ["build", "evaluate", "main", "predict", "save", "train"]

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784, num_hidden=256, num_classes=10, learning_rate=0.001, seed=0, dtype=tf.float32
):
    """The network of mlp, in a precision of choice."""
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(dtype, [None, num_classes], name="y")
    tf.set_random_seed(seed)

    def normal(shape, seed, name):
        return tf.Variable(tf.random_normal(shape, dtype=dtype, seed=seed), name=name)

    w0, b0 = normal([num_inputs, num_hidden], 1, "w0"), normal([num_hidden], 2, "b0")
    w1, b1 = normal([num_hidden, num_classes], 3, "w1"), normal([num_classes], 4, "b1")
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0), name="hidden")
    logits = tf.nn.bias_add(tf.matmul(hidden, w1), b1, name="logits")
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")
    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x, y=y, logits=logits, loss=loss, accuracy=accuracy, train=train, saver=saver
    )


# --- inputs
def batches(x, y, batch_size):
    """The batches in order, cut in Python when they are needed."""
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


# --- step
def step(session, net, x, y):
    """One update; returns the loss before it.

    feed_dict copies the batch into tensors, the fetched loss is copied out, and Python waits.
    """
    _, loss = session.run([net.train, net.loss], {net.x: x, net.y: y})
    return loss


# --- loop
def train(session, net, x, y, batch_size=128):
    """One epoch over the data in order.

    Returns:
        The loss of each step, before its update.
    """
    return [step(session, net, *batch) for batch in batches(x, y, batch_size)]


def main(x_train, y_train, x_test, y_test, epochs=10):
    """The whole program: build, train, print."""
    with tf.Graph().as_default(), tf.Session() as session:
        net = build()
        session.run(tf.global_variables_initializer())
        for epoch in range(epochs):
            losses = train(session, net, x_train, y_train)
            print(epoch + 1, losses[-1], evaluate(session, net, x_test, y_test))
