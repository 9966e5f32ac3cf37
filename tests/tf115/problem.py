"""The small problem that the training cases learn: batches, placeholders, an MLP, its loss."""

import numpy as np
import tensorflow as tf

from harness import EXAMPLES, random

FEATURES, HIDDEN, CLASSES, STEPS = 12, 10, 4, 30


def batches(shape=(FEATURES,), labels="one_hot", width=CLASSES):
    """Thirty batches whose labels a fixed random map of the inputs decides."""
    generator = random(31)
    mix = generator.normal(0, 1, (int(np.prod(shape)), width))
    made = []
    for _ in range(STEPS):
        x = generator.normal(0, 1, (EXAMPLES, *shape)).astype("float32")
        target = x.reshape(EXAMPLES, -1).dot(mix)
        if labels == "one_hot":
            target = np.eye(width)[target.argmax(1)]
        elif labels == "binary":
            target = target > 0
        made.append((x, target.astype("float32")))
    return made


def placeholders(width=CLASSES):
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    return x, tf.placeholder(tf.float32, [None, width], name="y")


def mlp(x, width=CLASSES):
    """Raw variables with names, relu, logits named by tf.add."""
    w0 = tf.Variable(tf.random_normal([FEATURES, HIDDEN], stddev=0.3), name="w0")
    b0 = tf.Variable(tf.constant(0.1, shape=[HIDDEN]), name="b0")
    w1 = tf.Variable(tf.random_normal([HIDDEN, width], stddev=0.3), name="w1")
    b1 = tf.Variable(tf.constant(0.1, shape=[width]), name="b1")
    hidden = tf.nn.relu(tf.matmul(x, w0) + b0)
    return tf.add(tf.matmul(hidden, w1), b1, name="logits")


def cross_entropy(logits, y):
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    return tf.reduce_mean(losses, name="cost")
