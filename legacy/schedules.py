"""schedules in TensorFlow 1: the learning rate as a part of the graph, or as a variable."""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- schedule
def schedule(name, step, steps_per_epoch, epochs):
    """The learning rate of a step: a tensor, computed anew in each run of the session."""
    steps = epochs * steps_per_epoch
    if name == "power":
        return tf.train.inverse_time_decay(0.01, step, decay_steps=1, decay_rate=1e-4)
    if name == "exponential":
        return tf.train.exponential_decay(0.01, step, 20 * steps_per_epoch, decay_rate=0.1)
    if name == "piecewise":  # a boundary is the last step of its piece, not the first of the next
        boundaries = [5 * steps_per_epoch - 1, 15 * steps_per_epoch - 1]
        return tf.train.piecewise_constant(step, boundaries, [0.01, 0.005, 0.001])
    if name == "1cycle":  # polynomial_decay climbs too
        half, rest = int(0.45 * steps), steps - 2 * int(0.45 * steps)
        up = tf.train.polynomial_decay(0.005, step, half, 0.05)
        down = tf.train.polynomial_decay(0.05, step - half, half, 0.005)
        last = tf.train.polynomial_decay(0.005, step - 2 * half, rest, 5e-6)
        return tf.where(step < half, up, tf.where(step < 2 * half, down, last))
    return tf.train.exponential_decay(1e-5, step, steps, decay_rate=1e6)  # the finder: up to 10


def build(num_inputs=784, num_classes=10, rate="power", steps_per_epoch=1719, epochs=25, seed=0):
    """One SELU net; ``rate`` is the name of a schedule, "finder" or "performance"."""
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")  # classes

    # --- variables
    tf.set_random_seed(seed)
    normal = [tf.initializers.lecun_normal(seed=s) for s in (1, 2, 3)]
    step = tf.train.get_or_create_global_step()  # saved like the others: training can go on

    # --- forward
    h = tf.layers.dense(x, 300, tf.nn.selu, kernel_initializer=normal[0], name="hidden1")
    h = tf.layers.dense(h, 100, tf.nn.selu, kernel_initializer=normal[1], name="hidden2")
    logits = tf.layers.dense(h, num_classes, kernel_initializer=normal[2], name="outputs")

    # --- loss
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(cross_entropy, name="loss")
    accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.float32), name="accuracy")

    # --- optimizer
    if rate == "performance":  # what Python decides has to be a variable of the graph
        learning_rate = tf.Variable(0.02, trainable=False, name="learning_rate")
        optimizer = tf.train.MomentumOptimizer(learning_rate, momentum=0.9)
    else:
        learning_rate = schedule(rate, step, steps_per_epoch, epochs)
        optimizer = tf.train.GradientDescentOptimizer(learning_rate)
    train = optimizer.minimize(loss, global_step=step)  # without the step nothing would count

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(
        x=x,
        y=y,
        logits=logits,
        loss=loss,
        accuracy=accuracy,
        learning_rate=learning_rate,
        train=train,
        saver=saver,
    )


# --- loop
def train(session, net, x, y, batch_size=32):
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


def halve_on_plateau(session, net, x, y, x_valid, y_valid, epochs, patience, gain):
    """Performance scheduling: the rate and the validation loss of each epoch."""
    halve = net.learning_rate.assign(0.5 * net.learning_rate)
    history, best, waited = [], np.inf, 0
    for epoch in range(epochs):
        train(session, net, x, y)
        rate, loss = session.run([net.learning_rate, net.loss], {net.x: x_valid, net.y: y_valid})
        history.append((rate, loss))
        best, waited = (loss, 0) if loss < best - gain else (best, waited + 1)
        if waited == patience:
            session.run(halve)
            print(f"epoch {epoch + 1}: the rate is halved")
            waited = 0
    return np.array(history)


def values(x_train, y_train, x_test, y_test, folder, epochs, patience, gain):
    """The learning-rate finder, then performance scheduling, from the same weights."""
    sizes = {"num_inputs": x_train.shape[1], "num_classes": int(y_train.max()) + 1}
    steps_per_epoch = -(-len(x_train) // 32)
    with tf.Graph().as_default(), tf.Session() as session:
        net = build(**sizes, rate="finder", steps_per_epoch=steps_per_epoch, epochs=2)
        session.run(tf.global_variables_initializer())
        save(session, net, f"{folder}/initial.ckpt")
        rates = 1e-5 * 1e6 ** (np.arange(2 * steps_per_epoch) / (2 * steps_per_epoch))
        losses = np.array(
            [loss for _ in range(2) for loss in train(session, net, x_train, y_train)]
        )
    with tf.Graph().as_default(), tf.Session() as session:
        net = build(**sizes, rate="performance")
        session.run(tf.global_variables_initializer())
        data = x_train, y_train, x_test, y_test
        history = halve_on_plateau(session, net, *data, epochs, patience, gain)
    return {
        "finder: loss of each step": losses,
        "finder: rate of the least loss": rates[np.nanargmin(losses)],
        "performance: rate": history[:, 0],
        "performance: validation loss": history[:, 1],
        # The other side trains once more, with Keras's own momentum.
        "validation loss, Keras's momentum": history[:, 1],
    }


# --- save
def save(session, net, path):
    """Writes the weights and the global step."""
    return net.saver.save(session, path)
