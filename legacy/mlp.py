"""mlp in TensorFlow 1: 784 → 256 → 10, ReLU, softmax cross-entropy, plain gradient descent."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_inputs=784, num_hidden=256, num_classes=10, learning_rate=0.001, seed=0):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.float32, [None, num_classes], name="y")  # one-hot

    # --- variables
    # The name is the key in the checkpoint; without it, the order of creation would be.
    tf.set_random_seed(seed)
    w0 = tf.Variable(tf.random_normal([num_inputs, num_hidden], seed=1), name="w0")
    b0 = tf.Variable(tf.random_normal([num_hidden], seed=2), name="b0")
    w1 = tf.Variable(tf.random_normal([num_hidden, num_classes], seed=3), name="w1")
    b1 = tf.Variable(tf.random_normal([num_classes], seed=4), name="b1")

    # --- forward
    # bias_add, as Keras has it, not add: its gradient sums the batch in another order.
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0), name="hidden")
    logits = tf.nn.bias_add(tf.matmul(hidden, w1), b1, name="logits")

    # --- loss
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)  # the folder may be moved
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
    """Writes path.index, path.data-00000-of-00001 and path.meta, and a `checkpoint` file beside."""
    return net.saver.save(session, path)


def restore(session, net, path):
    """Fills the variables of the same names; takes the place of the initializer."""
    net.saver.restore(session, path)


def main(x_train, y_train, x_test, y_test, epochs=20, path="mlp/model.ckpt"):
    """The whole program: build, train, print, save."""
    with tf.Graph().as_default(), tf.Session() as session:
        net = build()
        session.run(tf.global_variables_initializer())
        for epoch in range(epochs):
            losses = train(session, net, x_train, y_train)
            print(epoch + 1, losses[-1], evaluate(session, net, x_test, y_test))
        save(session, net, path)
