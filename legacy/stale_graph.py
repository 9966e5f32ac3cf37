"""stale-graph in TensorFlow 1: accuracy is built on one network, training updates another."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- inputs
def placeholders(num_inputs, num_classes):
    """x and one-hot y."""
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.float32, [None, num_classes], name="y")
    return x, y


# --- forward
def network(x, num_inputs, num_classes, seed):
    """Makes new variables, each time it is called."""
    w = tf.Variable(tf.random_normal([num_inputs, num_classes], seed=seed), name="w")
    b = tf.Variable(tf.zeros([num_classes]), name="b")
    return tf.nn.bias_add(tf.matmul(x, w), b)


def accuracy_of(logits, y):
    """The share of examples whose class is right."""
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    return tf.reduce_mean(tf.cast(hits, tf.float32))


# --- loop
def run(x, y, loss, accuracy, arrays, epochs):
    """Trains, and gives loss and accuracy on the test set after each epoch."""
    x_train, y_train, x_test, y_test = arrays
    train = tf.train.GradientDescentOptimizer(0.001).minimize(loss)
    history = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for epoch in range(epochs):
            for start in range(0, len(x_train), 128):
                batch = slice(start, start + 128)
                session.run(train, {x: x_train[batch], y: y_train[batch]})
            history.append(session.run([loss, accuracy], {x: x_test, y: y_test}))
            print(f"epoch {epoch + 1}: loss {history[-1][0]:.6g}, accuracy {history[-1][1]:.4f}")
    losses, accuracies = np.array(history).T
    return {"loss": losses, "accuracy": accuracies}


# --- trap
def trap(x_train, y_train, x_test, y_test, epochs=5):
    """The cell that builds the network is run once more, between loss and accuracy."""
    x, y = placeholders(x_train.shape[1], y_train.shape[1])
    logits = network(x, x_train.shape[1], y_train.shape[1], seed=1)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    logits = network(x, x_train.shape[1], y_train.shape[1], seed=2)  # other variables: w_1, b_1
    accuracy = accuracy_of(logits, y)
    return run(x, y, loss, accuracy, (x_train, y_train, x_test, y_test), epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, epochs=5):
    """Loss and accuracy hang on the same logits, in a graph of their own."""
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        x, y = placeholders(x_train.shape[1], y_train.shape[1])
        logits = network(x, x_train.shape[1], y_train.shape[1], seed=1)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        accuracy = accuracy_of(logits, y)
        return run(x, y, loss, accuracy, (x_train, y_train, x_test, y_test), epochs)
