"""regularization in TensorFlow 1: an ELU net with L2, with dropout, or with max-norm."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(
    num_inputs=784,
    num_classes=10,
    l2=0.0,
    dropout=0.0,
    max_norm=0.0,
    learning_rate=0.001,
    seed=0,
    dtype="float32",
):
    """One of the three at a time; 0 leaves it out."""
    # --- inputs
    x = tf.placeholder(dtype, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes
    training = tf.placeholder_with_default(False, [], name="training")

    # --- variables
    # The regularizer of a layer only puts its term into the collection REGULARIZATION_LOSSES.
    tf.set_random_seed(seed)
    he = [tf.initializers.he_normal(seed=s) for s in (1, 2, 3)]
    penalty = (lambda w: l2 * tf.reduce_sum(tf.square(w))) if l2 else None

    # --- forward
    h = x
    for number, (units, activation) in enumerate([(300, tf.nn.elu), (100, tf.nn.elu), (10, None)]):
        if dropout:
            h = tf.layers.dropout(h, dropout, training=training, seed=number + 4)
        h = tf.layers.dense(
            h,
            units if activation else num_classes,
            activation,
            kernel_initializer=he[number],
            kernel_regularizer=penalty,
            name=f"hidden{number + 1}" if activation else "outputs",
        )
    logits = tf.identity(h, name="logits")

    # --- loss
    # Whoever forgets to add the collection trains without it, and is told nothing.
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy)
    if l2:
        loss += tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    hits = tf.nn.in_top_k(tf.cast(logits, tf.float32), y, 1)
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32), name="accuracy")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")
    if max_norm:
        with tf.control_dependencies([train]):  # after the update: what it left is cut
            kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("kernel")]
            train = tf.group(*[cut(kernel, max_norm) for kernel in kernels], name="cut")

    saver = tf.train.Saver(save_relative_paths=True)
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


def cut(kernel, max_norm):
    """Scales down each unit whose incoming weights are longer than that.

    tf.clip_by_norm(kernel, max_norm, axes=[0]) leaves the others alone; Keras divides them by
    1 + 1e-7 / norm, which is done here too.
    """
    value = kernel.read_value()  # kernel itself may have been read before the update
    norm = tf.sqrt(tf.reduce_sum(tf.square(value), axis=0, keepdims=True))
    return kernel.assign(value * (tf.minimum(norm, max_norm) / (1e-7 + norm)))


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch over the data in order; returns the loss of each step, before its update."""
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        feed = {net.x: x[batch], net.y: y[batch], net.training: True}
        _, loss = session.run([net.train, net.loss], feed)
        losses.append(loss)
    return losses


def evaluate(session, net, x, y):
    """The share of examples whose class is right; without dropout."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, classes); without dropout."""
    return session.run(net.logits, {net.x: x})


# --- save
def save(session, net, path):
    """Writes the weights and the state of Adam."""
    return net.saver.save(session, path)
