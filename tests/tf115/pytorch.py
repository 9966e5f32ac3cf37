"""Networks whose weights PyTorch keeps in other shapes, or in another order."""

import tensorflow as tf

from harness import EXAMPLES, Program, case, normal, random


@case
def pytorch_separable():
    """Depthwise convolution with a multiplier, separable one, batch normalization, flattening."""
    x = tf.placeholder(tf.float32, [None, 6, 7, 3], name="images")
    depthwise = tf.get_variable("depthwise", [3, 3, 3, 2])
    net = tf.nn.depthwise_conv2d(x, depthwise, [1, 1, 1, 1], "SAME")
    net = tf.nn.relu(tf.nn.bias_add(net, tf.get_variable("bias", [6])))
    net = tf.layers.separable_conv2d(net, 5, [3, 2], depth_multiplier=2, name="separable")
    net = tf.layers.batch_normalization(net, center=False, name="norm")
    net = tf.layers.flatten(tf.nn.relu(net))
    net = tf.layers.batch_normalization(net, epsilon=0.01, name="flat_norm")
    return Program({x: normal(EXAMPLES, 6, 7, 3)}, tf.layers.dense(net, 4, name="out"))


@case
def pytorch_decoder():
    """A dense layer, its rows as an image, and transposed convolutions."""
    x = tf.placeholder(tf.float32, [None, 5], name="code")
    net = tf.nn.relu(tf.layers.dense(x, 3 * 4 * 6, name="first"))
    net = tf.reshape(net, [-1, 3, 4, 6])
    net = tf.layers.conv2d_transpose(net, 5, [2, 2], 2, activation=tf.nn.relu, name="up")
    net = tf.layers.conv2d_transpose(net, 2, [3, 3], 1, padding="valid", name="image")
    return Program({x: normal(EXAMPLES, 5)}, net)


@case
def pytorch_words():
    """Embedding, LSTM, and a variable that no module of PyTorch has."""
    ids = tf.placeholder(tf.int32, [None, 6], name="ids")
    table = tf.get_variable("table", [11, 4])
    words = tf.nn.embedding_lookup(table, ids) + tf.get_variable("positions", [6, 4])
    _, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(5), words, dtype=tf.float32)
    return Program(
        {ids: random().randint(0, 11, (EXAMPLES, 6))}, tf.layers.dense(state.h, 3, name="out")
    )


@case
def pytorch_both_ways():
    """LSTM cells in both directions, whose outputs are joined."""
    x = tf.placeholder(tf.float32, [None, 6, 4], name="x")
    cells = [tf.nn.rnn_cell.LSTMCell(5) for _ in range(2)]
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(*cells, inputs=x, dtype=tf.float32)
    return Program({x: normal(EXAMPLES, 6, 4)}, tf.layers.dense(tf.concat(outputs, -1), 3))
