"""fast-loop in TensorFlow 1: the network of mlp, fed from Python batch by batch."""

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

from .mlp import build, evaluate, predict, save

__all__ = ["build", "evaluate", "main", "predict", "save", "train"]


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
