"""Ways TF1 programs end: labels, loss, optimizer, accuracy, summaries. Each gives (op, feeds)."""

import tensorflow as tf

from harness import EXAMPLES, normal, one_hot, random


def notes(logits, classes, labels=None):
    """As course notes have it: one-hot labels, v2 cross entropy, Adam, accuracy, init."""
    labels = tf.placeholder("float", [None, classes]) if labels is None else labels
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=labels))
    optimizer = tf.train.AdamOptimizer(learning_rate=0.01).minimize(cost)
    correct_pred = tf.equal(tf.argmax(logits, 1), tf.argmax(labels, 1))
    tf.reduce_mean(tf.cast(correct_pred, tf.float32))
    return optimizer, {labels: one_hot(classes)}


def scoped(logits, classes):
    """Named scopes for loss, accuracy, train; summaries merged; sparse labels; global step."""
    with tf.name_scope("input"):
        labels = tf.placeholder(tf.int64, [None], name="labels")
    with tf.name_scope("loss"):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=labels)
        loss = tf.reduce_mean(losses, name="loss")
    tf.summary.scalar("loss", loss)
    with tf.name_scope("accuracy"):
        predictions = tf.argmax(logits, 1, name="predictions")
        hits = tf.cast(tf.equal(predictions, labels), "float")
        tf.summary.scalar("accuracy", tf.reduce_mean(hits, name="accuracy"))
    global_step = tf.Variable(0, name="global_step", trainable=False)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        optimizer = tf.train.AdamOptimizer(1e-3)
        gradients = optimizer.compute_gradients(loss)
        train_op = optimizer.apply_gradients(gradients, global_step=global_step)
    for gradient, variable in gradients:
        if gradient is not None and not isinstance(gradient, tf.IndexedSlices):
            tf.summary.histogram(variable.op.name + "/gradient", gradient)
    tf.summary.merge_all()
    return train_op, {labels: random(3).randint(0, classes, EXAMPLES)}


def estimator(logits, classes):
    """As a model_fn has it: predictions of classes and probabilities, tf.losses, metrics."""
    labels = tf.placeholder(tf.int32, [None], name="labels")
    tf.argmax(input=logits, axis=1, name="classes")
    tf.nn.softmax(logits, name="softmax_tensor")
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.01)
    step = tf.train.get_or_create_global_step()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss=loss, global_step=step)
    tf.metrics.accuracy(labels=labels, predictions=tf.argmax(logits, 1))
    return train_op, {labels: random(3).randint(0, classes, EXAMPLES)}


def slim(logits, classes):
    """As slim has it: tf.losses, total loss with regularization, slim.learning's train op."""
    labels = tf.placeholder(tf.float32, [None, classes], name="one_hot_labels")
    tf.losses.softmax_cross_entropy(labels, logits)
    total_loss = tf.losses.get_total_loss()
    optimizer = tf.train.RMSPropOptimizer(0.001, momentum=0.9)
    train_op = tf.contrib.slim.learning.create_train_op(total_loss, optimizer)
    return train_op, {labels: one_hot(classes)}


def regression(prediction, width=1):
    """Mean squared error against a target of the same shape, gradient descent."""
    target = tf.placeholder(tf.float32, [None, width], name="target")
    loss = tf.reduce_mean(tf.square(prediction - target))
    train_op = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    return train_op, {target: normal(EXAMPLES, width, salt=5)}


def fed(train, feeds):
    """The same train op with the inputs among its feeds."""
    operation, labels = train
    return operation, {**labels, **feeds}
