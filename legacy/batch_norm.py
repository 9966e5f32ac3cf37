"""batch-norm in TensorFlow 1: after the activations or before them; UPDATE_OPS."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784, num_classes=10, before=False, learning_rate=0.001, seed=0, dtype="float32"
):
    """Describes the network once; nothing is computed before a Session runs it.

    Args:
        before: whether the hidden layers are normalized before their activation.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes
    training = tf.placeholder_with_default(False, [], name="training")

    # --- variables
    # gamma and beta are trained; moving_mean and moving_variance are not, but they are saved.
    tf.set_random_seed(seed)

    # --- forward
    h = tf.layers.batch_normalization(x, training=training, name="bn1")
    for number, units in ((1, 300), (2, 100)):
        normal, name = tf.initializers.he_normal(seed=number), f"hidden{number}"
        if before:  # beta does what the bias would do
            h = tf.layers.dense(h, units, use_bias=False, kernel_initializer=normal, name=name)
            h = tf.layers.batch_normalization(h, training=training, name=f"bn{number + 1}")
            h = tf.nn.relu(h)
        else:
            h = tf.layers.dense(h, units, tf.nn.relu, kernel_initializer=normal, name=name)
            h = tf.layers.batch_normalization(h, training=training, name=f"bn{number + 1}")
    glorot = tf.glorot_uniform_initializer(seed=3)
    logits = tf.layers.dense(h, num_classes, kernel_initializer=glorot, name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    hits = tf.nn.in_top_k(tf.cast(logits, tf.float32), y, 1)
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    # Nothing that train depends on would move the averages: they have to be asked for.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)  # of all variables, not the trainable ones
    return SimpleNamespace(
        x=x,
        y=y,
        training=training,
        logits=logits,
        loss=loss,
        accuracy=accuracy,
        train=train,
        saver=saver,
    )


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch over the data in order, normalizing with the mean and variance of each batch.

    Returns:
        The loss of each step, before its update.
    """
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        feed = {net.x: x[batch], net.y: y[batch], net.training: True}
        _, loss = session.run([net.train, net.loss], feed)
        losses.append(loss)
    return losses


def evaluate(session, net, x, y):
    """The share of examples whose class is right; normalized with the moving averages."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, classes); normalized with the moving averages."""
    return session.run(net.logits, {net.x: x})


# --- save
def save(session, net, path):
    """Writes the moving averages too; Saver(tf.trainable_variables()) would forget them."""
    return net.saver.save(session, path)
