"""mlp-deep in TensorFlow 1: 784 → 256 → 256 → 10, ReLU, softmax, Adam, by tf.layers."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784, num_hidden=256, num_classes=10, learning_rate=0.001, seed=0, dtype="float32"
):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(dtype, [None, num_classes], name="y")  # one-hot

    # --- variables
    # tf.layers makes them inside dense(): kernels by Glorot's rule, biases zero.
    tf.set_random_seed(seed)
    glorot = [tf.glorot_uniform_initializer(seed=s) for s in (1, 2, 3)]

    # --- forward
    h = tf.layers.dense(x, num_hidden, tf.nn.relu, kernel_initializer=glorot[0], name="hidden1")
    h = tf.layers.dense(h, num_hidden, tf.nn.relu, kernel_initializer=glorot[1], name="hidden2")
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot[2], name="outputs")

    # --- loss
    # TF1's loss takes logits; the softmax is inside it and appears nowhere else.
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x, y=y, logits=logits, loss=loss, accuracy=accuracy, train=train, saver=saver
    )


# --- loop
def train(session, net, x, y, batch_size=128):
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


def main(x_train, y_train, x_test, y_test, epochs=20, path="mlp_deep/model.ckpt"):
    """The whole program: build, train, print, save."""
    with tf.Graph().as_default(), tf.Session() as session:
        net = build()
        session.run(tf.global_variables_initializer())
        for epoch in range(epochs):
            losses = train(session, net, x_train, y_train)
            print(epoch + 1, losses[-1], evaluate(session, net, x_test, y_test))
        save(session, net, path)
