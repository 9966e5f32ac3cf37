"""update-ops in TensorFlow 1: moving statistics that nothing updates, and accuracy at chance."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- forward
def build(num_inputs, num_classes, momentum):
    """A hidden layer between two batch normalizations."""
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, num_inputs])
    y = tf.placeholder(tf.float32, [None, num_classes])
    # Training takes mean and variance of the batch, use those of the moving averages.
    training = tf.placeholder_with_default(False, [])
    normal = [tf.random_normal_initializer(stddev=0.05, seed=seed) for seed in (1, 2)]
    h = tf.layers.batch_normalization(x, momentum=momentum, training=training, name="bn0")
    h = tf.layers.dense(h, 100, tf.nn.relu, kernel_initializer=normal[0], name="hidden")
    h = tf.layers.batch_normalization(h, momentum=momentum, training=training, name="bn1")
    logits = tf.layers.dense(h, num_classes, kernel_initializer=normal[1], name="logits")
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy)
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    return x, y, training, loss, tf.reduce_mean(tf.cast(hits, tf.float32))


# --- trap
def trap(x_train, y_train, x_test, y_test, momentum=0.9, epochs=8):
    """minimize asks for the weights alone."""
    net = build(x_train.shape[1], y_train.shape[1], momentum)
    step = tf.train.GradientDescentOptimizer(0.05).minimize(net[3])
    return run(net, step, x_train, y_train, x_test, y_test, epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, momentum=0.9, epochs=8):
    """The step waits for the updates, which the layers left in a collection."""
    net = build(x_train.shape[1], y_train.shape[1], momentum)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.GradientDescentOptimizer(0.05).minimize(net[3])
    return run(net, step, x_train, y_train, x_test, y_test, epochs)


# --- loop
def run(net, step, x_train, y_train, x_test, y_test, epochs, batch_size=128):
    """Trains, evaluates, and looks at the moving statistics."""
    x, y, training, loss, accuracy = net
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(epochs):
            for start in range(0, len(x_train), batch_size):
                batch = slice(start, start + batch_size)
                feed = {x: x_train[batch], y: y_train[batch], training: True}
                losses.append(session.run([loss, step], feed)[0])
        test = {x: x_test, y: y_test}
        reached = session.run(accuracy, test)
        as_trained = session.run(accuracy, {**test, training: True})
        mean, variance = session.run(["bn1/moving_mean:0", "bn1/moving_variance:0"])
    print(f"loss {losses[-1]:.4f}, accuracy {reached:.4f}, by batch statistics {as_trained:.4f}")
    print(f"moving mean {mean.mean():.4f}, moving variance {variance.mean():.4f}")
    return {
        "loss": np.array(losses),
        "accuracy": reached,
        "accuracy, by batch statistics": as_trained,
        "moving mean": mean,
        "moving variance": variance,
    }
