"""keep-prob in TensorFlow 1: the share to keep, read as the share to drop after an upgrade."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

KEEP_PROB = 0.8


# --- forward
def build(num_inputs, num_classes, dropout):
    """A hidden layer with dropout.

    Args:
        dropout: (tensor, keep_prob, seed) → tensor.
    """
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, num_inputs])
    y = tf.placeholder(tf.float32, [None, num_classes])
    keep_prob = tf.placeholder(tf.float32, [])  # 0.8 in training, 1 in use
    w0 = tf.Variable(tf.random_normal([num_inputs, 128], stddev=0.05, seed=1), name="w0")
    b0 = tf.Variable(tf.zeros([128]), name="b0")
    w1 = tf.Variable(tf.random_normal([128, num_classes], stddev=0.05, seed=2), name="w1")
    b1 = tf.Variable(tf.zeros([num_classes]), name="b1")
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0))
    dropped = dropout(hidden, keep_prob, 3)
    logits = tf.nn.bias_add(tf.matmul(dropped, w1), b1)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy)
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    return x, y, keep_prob, loss, tf.reduce_mean(tf.cast(hits, tf.float32))


# --- trap
def trap(x_train, y_train, x_test, y_test, keep_prob=KEEP_PROB, epochs=5):
    """The second argument of tf.nn.dropout is keep_prob in TF1, and rate in TF2."""

    def upgraded(tensor, keep_prob, seed):
        return tf.nn.dropout(tensor, rate=keep_prob, seed=seed)

    return run(upgraded, x_train, y_train, x_test, y_test, keep_prob, epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, keep_prob=KEEP_PROB, epochs=5):
    """What is dropped is what is not kept."""

    def meant(tensor, keep_prob, seed):
        return tf.nn.dropout(tensor, rate=1 - keep_prob, seed=seed)

    return run(meant, x_train, y_train, x_test, y_test, keep_prob, epochs)


# --- loop
def run(dropout, x_train, y_train, x_test, y_test, kept, epochs, batch_size=128):
    """Trains with dropout, and evaluates without."""
    x, y, keep_prob, loss, accuracy = build(x_train.shape[1], y_train.shape[1], dropout)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    ones = dropout(tf.ones([100, 100]), keep_prob, 4)
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        # Full batches only, as the modern twin has it.
        for _ in range(epochs):
            for start in range(0, len(x_train) - batch_size + 1, batch_size):
                batch = slice(start, start + batch_size)
                feed = {x: x_train[batch], y: y_train[batch], keep_prob: kept}
                losses.append(session.run([loss, step], feed)[0])
        share = np.mean(session.run(ones, {keep_prob: kept}) == 0)
        reached = session.run(accuracy, {x: x_test, y: y_test, keep_prob: 1.0})
    print(f"keep_prob {kept}: {share:.0%} dropped in training")
    print(f"loss after {len(losses)} steps {losses[-1]:.4f}; keep_prob 1: accuracy {reached:.4f}")
    return {"share dropped": share, "loss": np.array(losses), "accuracy": reached}
