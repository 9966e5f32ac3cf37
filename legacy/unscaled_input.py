"""unscaled-input in TensorFlow 1: weights of sigma 1 on pixels from 0 to 255."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- forward
def build(num_inputs, num_classes, sigmas):
    """784 → 256 → 10.

    Args:
        sigmas: the deviation of the weights of each layer.
    """
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, num_inputs])
    y = tf.placeholder(tf.float32, [None, num_classes])
    w0 = tf.Variable(tf.random_normal([num_inputs, 256], stddev=sigmas[0], seed=1))
    b0 = tf.Variable(tf.zeros([256]))
    w1 = tf.Variable(tf.random_normal([256, num_classes], stddev=sigmas[1], seed=2))
    b1 = tf.Variable(tf.zeros([num_classes]))
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0))
    logits = tf.nn.bias_add(tf.matmul(hidden, w1), b1)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
    # Where the greatest probability is 1 to the last bit, the network has no doubt at all.
    certain = tf.reduce_mean(tf.cast(tf.reduce_max(tf.nn.softmax(logits), 1) >= 1, tf.float32))
    return x, y, tf.reduce_mean(cross_entropy), accuracy, certain


# --- trap
def trap(x_train, y_train, x_test, y_test, epochs=10):
    """The pixels as they come, and the sigma that random_normal has by default."""
    return run("raw pixels", (1.0, 1.0), 0.001, x_train, y_train, x_test, y_test, epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, epochs=10):
    """Pixels from 0 to 1, He's sigma, and the learning rate that goes with them."""
    x_train, x_test = x_train / np.float32(255), x_test / np.float32(255)
    sigmas = np.sqrt(2 / x_train.shape[1]), np.sqrt(2 / 256)
    data = x_train, y_train, x_test, y_test, epochs
    halfway = run("scaled, no more", (1.0, 1.0), 0.001, *data)
    given = run("all three", sigmas, 0.1, *data)
    given["accuracy, pixels scaled and no more"] = halfway["accuracy"]
    return given


# --- loop
def run(name, sigmas, learning_rate, x_train, y_train, x_test, y_test, epochs, batch_size=128):
    """Trains; the loss and the accuracy are those after each epoch, on the test set."""
    history = []
    with tf.Graph().as_default(), tf.Session() as session:
        x, y, loss, *measured = build(x_train.shape[1], y_train.shape[1], sigmas)
        step = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss)
        session.run(tf.global_variables_initializer())
        first = session.run([loss, *measured], {x: x_test, y: y_test})
        for _ in range(epochs):
            for start in range(0, len(x_train), batch_size):
                batch = slice(start, start + batch_size)
                session.run(step, {x: x_train[batch], y: y_train[batch]})
            history.append(session.run([loss, *measured], {x: x_test, y: y_test}))
    losses, accuracies, _ = np.array(history).T
    print(f"{name}: before training: loss {first[0]:.4g}, {first[2]:.0%} of the answers certain")
    print(f"{name}: after {epochs} epochs: loss {losses[-1]:.4g}, accuracy {accuracies[-1]:.4f}")
    return {
        "loss before training": first[0],
        "certain before training": first[2],
        "loss": losses,
        "accuracy": accuracies,
    }
