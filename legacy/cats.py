"""cats in TensorFlow 1: cat or not in float64; an input pipeline, L2, dropout, augmentation."""

import os
from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def augment(image, draws):
    """Half of the pictures mirrored, all of them shifted by up to 4 pixels either way.

    Args:
        image: shape (height, width, 3).
        draws: three numbers in [0, 1).
    """
    mirrored = tf.image.flip_left_right(image)
    image = tf.cond(draws[0] < 0.5, lambda: mirrored, lambda: image)
    padded = tf.pad(image, [[4, 4], [4, 4], [0, 0]], "SYMMETRIC")
    corner = tf.concat([tf.cast(draws[1:] * 9, tf.int32), [0]], 0)
    return tf.slice(padded, corner, tf.shape(image))


def build(size=64, hidden=(8, 8), l2=0.0, rate=0.0, augmented=False, learning_rate=0.001, seed=0):
    """Describes pipeline and network once; nothing is computed before a Session runs it."""
    # --- inputs
    # The pipeline is part of the graph. Its epoch is fed: a fixed seed would repeat the order.
    data = SimpleNamespace(
        x=tf.placeholder(tf.float64, [None, size, size, 3]),
        y=tf.placeholder(tf.float64, [None, 1]),
        epoch=tf.placeholder(tf.int64, []),
        batch_size=tf.placeholder(tf.int64, []),
    )
    tf.set_random_seed(seed)
    dataset = tf.data.Dataset.from_tensor_slices((data.x, data.y)).shuffle(64, seed=data.epoch)
    if augmented:

        def draw_and_augment(number, example):
            draws = tf.random.stateless_uniform([3], [data.epoch, number])
            return augment(example[0], draws), example[1]

        dataset = dataset.enumerate().map(draw_and_augment)
    iterator = tf.data.make_initializable_iterator(dataset.batch(data.batch_size))
    next_x, next_y = iterator.get_next()
    # Fed while evaluating; the pipeline's next batch otherwise.
    x = tf.placeholder_with_default(next_x, [None, size, size, 3], name="x")
    y = tf.placeholder_with_default(next_y, [None, 1], name="y")
    training = tf.placeholder_with_default(False, [], name="training")

    # --- variables
    # float64 follows from x. A regularizer is called with the kernel when tf.layers makes it.
    regularizer = (lambda w: l2 * tf.reduce_sum(tf.square(w))) if l2 else None

    # --- forward
    h = tf.layers.flatten(x)
    for i, units in enumerate(hidden):
        glorot, name = tf.glorot_uniform_initializer(seed=i), f"hidden{i + 1}"
        options = {"kernel_initializer": glorot, "kernel_regularizer": regularizer}
        h = tf.layers.dense(h, units, tf.nn.relu, name=name, **options)
        h = tf.layers.dropout(h, rate, training=training, seed=10 + i) if rate else h
    glorot = tf.glorot_uniform_initializer(seed=9)
    logits = tf.layers.dense(h, 1, kernel_initializer=glorot, name="cat")

    # --- loss
    # The penalties wait in a collection; a loss that leaves them out is not regularized.
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
    penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    loss = tf.add_n([tf.reduce_mean(cross_entropy), *penalties])
    hits = tf.equal(logits > 0, y > 0.5)  # sigmoid(0) is one half
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float64))

    # --- optimizer
    # A Python number would become a float32, 0.00100000005, in a float64 program too.
    rate64 = tf.constant(learning_rate, tf.float64)
    step = tf.train.GradientDescentOptimizer(rate64).minimize(loss)

    return SimpleNamespace(
        data=data,
        iterator=iterator,
        epoch=0,
        x=x,
        y=y,
        training=training,
        logits=logits,
        loss=loss,
        accuracy=accuracy,
        train=step,
        saver=tf.train.Saver(save_relative_paths=True),
    )


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch, shuffled; returns the loss of each step, before its update."""
    net.epoch += 1
    fed = {net.data.x: x, net.data.y: y, net.data.epoch: net.epoch, net.data.batch_size: batch_size}
    session.run(net.iterator.initializer, fed)
    losses = []
    while True:
        try:
            _, loss = session.run([net.train, net.loss], {net.training: True})
        except tf.errors.OutOfRangeError:  # how a TF1 pipeline says that it is through
            return losses
        losses.append(loss)


def evaluate(session, net, x, y):
    """The share of pictures whose class is right."""
    return session.run(net.accuracy, {net.x: x, net.y: y})


def predict(session, net, x):
    """The logits, shape (examples, 1); above 0 is a cat."""
    return session.run(net.logits, {net.x: x})


# --- save
def save(session, net, path):
    """Writes the weights, in float64; the place in the data is not saved."""
    return net.saver.save(session, path)


# --- splits
def values(x_train, y_train, x_dev, y_dev, x_test, y_test, folder, epochs=5):
    """Trains on augmented pictures, and measures on the three parts of the data."""
    net = build(x_train.shape[1], augmented=True)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        save(session, net, os.path.join(folder, "cats.ckpt"))
        seen = {
            "augmented picture": session.run(augment(x_train[0], tf.constant([0.1, 0.2, 0.9]))),
            "losses": [train(session, net, x_train, y_train) for _ in range(epochs)],
        }
        parts = {"training": (x_train, y_train), "dev": (x_dev, y_dev), "test": (x_test, y_test)}
        for name, part in parts.items():
            seen[f"accuracy, {name} set"] = evaluate(session, net, *part)
        return seen
