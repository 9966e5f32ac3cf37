"""autoencoder in TensorFlow 1: rows of 28 pixels to 3 numbers and back, by tf.layers."""

import os
from types import SimpleNamespace

import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


def build(num_rows=28, num_columns=28, learning_rate=0.001, seed=0, dtype="float32"):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, num_rows, num_columns, 1], name="x")
    y = tf.placeholder(dtype, [None, num_rows, num_columns, 1], name="y")  # the picture itself

    # --- variables
    tf.set_random_seed(seed)

    def dense(h, units, name, number, activation=tf.nn.relu):
        glorot = tf.glorot_uniform_initializer(seed=number)
        return tf.layers.dense(h, units, activation, kernel_initializer=glorot, name=name)

    # --- forward
    # dense() works on the last axis: each row of pixels for itself, with the same weights.
    h = tf.reshape(x, [-1, num_rows, num_columns])
    h = dense(h, 16, "encoder1", 1)
    h = dense(h, 10, "encoder2", 2)
    h = dense(h, 5, "encoder3", 3)
    code = dense(h, 3, "code", 4)
    h = dense(code, 5, "decoder1", 5)
    h = dense(h, 10, "decoder2", 6)
    h = dense(h, 16, "decoder3", 7)
    h = dense(h, num_columns, "pixels", 8, tf.sigmoid)
    picture = tf.reshape(h, [-1, num_rows, num_columns, 1])

    # --- loss
    loss = tf.reduce_mean(tf.square(picture - y), name="mse")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(x=x, y=y, code=code, logits=picture, loss=loss, train=train, saver=saver)


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
    """The mean squared error of the pixels."""
    return session.run(net.loss, {net.x: x, net.y: y})


def predict(session, net, x):
    """The pictures that come back, shape (examples, rows, columns, 1)."""
    return session.run(net.logits, {net.x: x})


# --- models
def encode(session, net, x):
    """The encoder is the graph up to the code: what comes after is not computed."""
    return session.run(net.code, {net.x: x})


def decode(session, net, code):
    """The decoder is the graph from the code on: any tensor can be fed, not just placeholders."""
    return session.run(net.logits, {net.code: code})


def values(x_train, y_train, x_test, y_test, folder, epochs=2):
    """Encoder and decoder, each for itself, after two epochs of training."""
    net = build(*x_train.shape[1:3])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(epochs):
            train(session, net, x_train, y_train)
        save(session, net, os.path.join(folder, "autoencoder.ckpt"))
        code = encode(session, net, x_test)
        picture = decode(session, net, code)
        print(f"{x_test[0].size} pixels, {code[0].size} numbers in between")
        return {
            "code": code,
            "picture, from the code": picture,
            "picture, from the picture": predict(session, net, x_test),
        }


# --- save
def save(session, net, path):
    """Writes the whole; who wants the encoder alone gives Saver a var_list."""
    return net.saver.save(session, path)
