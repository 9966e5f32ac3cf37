"""tensorboard in TensorFlow 1: summaries as operations, and the graph, in an event file."""

import os

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- forward
def build(num_inputs, num_classes):
    """Softmax regression; name scopes become the boxes of TensorBoard's graph page."""
    with tf.name_scope("inputs"):
        x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
        y = tf.placeholder(tf.float32, [None, num_classes], name="y")
    logits = tf.layers.dense(
        x, num_classes, kernel_initializer=tf.glorot_uniform_initializer(seed=1), name="dense"
    )
    with tf.name_scope("loss"):
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
        loss = tf.reduce_mean(cross_entropy)
    with tf.name_scope("train"):
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return x, y, loss, step


# --- summaries
def summaries():
    """The mean loss of an epoch is no tensor of the network: it comes in by a placeholder."""
    mean_loss = tf.placeholder(tf.float32, [], name="mean_loss")
    tf.summary.scalar("epoch_loss", mean_loss)  # Keras's name for it, to share its chart
    return mean_loss, tf.summary.merge_all()


# --- loop
def train(x_train, y_train, folder, epochs, batch_size=128):
    """Trains, and writes a point of the curve an epoch."""
    tf.set_random_seed(0)
    x, y, loss, step = build(x_train.shape[1], y_train.shape[1])
    mean_loss, merged = summaries()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, os.path.join(folder, "initial.ckpt"), write_meta_graph=False)
        writer = tf.summary.FileWriter(folder, session.graph)  # the graph goes first
        for epoch in range(epochs):
            losses = []
            for start in range(0, len(x_train), batch_size):
                batch = slice(start, start + batch_size)
                feed = {x: x_train[batch], y: y_train[batch]}
                losses.append(session.run([loss, step], feed)[0])
            writer.add_summary(session.run(merged, {mean_loss: np.mean(losses)}), epoch)
        writer.close()  # or flush: until then, points may be in memory only


# --- read
def values(x_train, y_train, x_test, y_test, folder, epochs=5):
    """Trains, and reads the event file with what TensorBoard itself reads it with."""
    x_train, y_train = x_train[:1408], y_train[:1408]  # 11 full batches
    train(x_train, y_train, folder, epochs)
    events = EventAccumulator(folder).Reload()
    scalars = events.Scalars("epoch_loss")
    for scalar in scalars:
        print(f"epoch_loss at {scalar.step}: {scalar.value:.6f}")
    print(f"the graph page has {len(events.Graph().node)} operations")
    return {
        "steps": np.array([scalar.step for scalar in scalars]),
        "epoch_loss": np.array([scalar.value for scalar in scalars], np.float32),
    }
