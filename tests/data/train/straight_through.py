"""Straight-through by gradient_override_map: Round and Sign have the gradient of Identity (DoReFa,
binary nets).
"""

from golden import *

rng = start(44)
graph = tf.get_default_graph()


def quantized(v, bits):
    top = float(2**bits - 1)
    with graph.gradient_override_map({"Round": "Identity"}):
        return tf.round(v * top) / top


def binary(w):
    with graph.gradient_override_map({"Sign": "Identity"}):
        mean = tf.stop_gradient(tf.reduce_mean(tf.abs(w)))
        return tf.sign(w / mean) * mean


x, y = tf.placeholder(tf.float32, [None, 8], "x"), tf.placeholder(tf.int64, [None], "y")
w1 = tf.get_variable("fc1/W", [8, 12])
b1 = tf.get_variable("fc1/b", [12], initializer=tf.constant_initializer(0.3))
w2 = tf.get_variable("fc2/W", [12, 12])
w3 = tf.get_variable("fc3/W", [12, 4])
b3 = tf.get_variable("fc3/b", [4], initializer=tf.zeros_initializer())
h = quantized(tf.clip_by_value(tf.matmul(x, w1) + b1, 0.0, 1.0), 2)
h = quantized(tf.clip_by_value(tf.matmul(h, binary(w2)), 0.0, 1.0), 2)
logits = tf.nn.bias_add(tf.matmul(h, w3), b3, name="logits")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
train = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
write(
    "gradient_override_map straight-through",
    "Exact continuation: round and sign pass the gradient on (custom gradient), so fc1 and fc2 "
    "learn; or a plain warning that they will not.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 8, 4),
)
