"""Recurrent cells and wrappers beyond the common ones, each in as small a network as shows it."""

import tensorflow as tf

from harness import EXAMPLES, Program, case, normal
from rnn import contrib_rnn, lengths, rnn, sequences


def last(outputs):
    return tf.layers.dense(outputs[:, -1], 3, name="out")


@case
def cell_gru_cudnn_compatible():
    """CudnnCompatibleGRUCell: the reset gate after the product, two biases."""
    x, data = sequences(4, 3)
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(4)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, last(outputs))


@case
def cell_gru_block():
    """GRUBlockCellV2 in dynamic_rnn, final state."""
    x, data = sequences(4, 3)
    _, state = tf.nn.dynamic_rnn(contrib_rnn.GRUBlockCellV2(4), x, dtype=tf.float32)
    return Program(data, tf.layers.dense(state, 3, name="out"))


@case
def cell_lstm_joined_state():
    """Two LSTM layers with state_is_tuple=False: one state for all of it, split in the loop."""
    x, data = sequences(4, 3)
    cells = [rnn.BasicLSTMCell(n, state_is_tuple=False) for n in (4, 5)]
    cell = rnn.MultiRNNCell(cells, state_is_tuple=False)
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, [last(outputs), tf.identity(state, name="state")])


@case
def cell_residual_stack():
    """ResidualWrapper around LSTM cells, lengths, outputs at every step."""
    x, data = sequences(4, 5)
    length = tf.placeholder(tf.int32, [None], name="length")
    cells = [rnn.ResidualWrapper(rnn.LSTMCell(5)) for _ in range(2)]
    outputs, _ = tf.nn.dynamic_rnn(
        rnn.MultiRNNCell(cells), x, sequence_length=length, dtype=tf.float32
    )
    data[length] = lengths(4)
    return Program(data, tf.identity(outputs, name="out"))


@case
def cell_output_projection():
    """OutputProjectionWrapper: a dense layer at every step, inside the loop."""
    x, data = sequences(4, 3)
    cell = contrib_rnn.OutputProjectionWrapper(rnn.BasicRNNCell(4), 2)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, tf.identity(outputs, name="out"))


@case
def cell_static_projection():
    """static_rnn, every output through the same weights, stacked again."""
    x, data = sequences(4, 3)
    outputs, _ = tf.nn.static_rnn(rnn.GRUCell(4), tf.unstack(x, 4, 1), dtype=tf.float32)
    w = tf.get_variable("w", [4, 2])
    b = tf.get_variable("b", [2])
    return Program(data, tf.stack([tf.matmul(o, w) + b for o in outputs], 1, name="out"))


@case
def cell_static_lengths():
    """static_rnn with sequence_length: conds around every step."""
    x, data = sequences(3, 3)
    length = tf.placeholder(tf.int32, [None], name="length")
    outputs, state = tf.nn.static_rnn(
        rnn.BasicLSTMCell(4), tf.unstack(x, 3, 1), dtype=tf.float32, sequence_length=length
    )
    data[length] = lengths(3)
    joined = tf.concat([state.h, state.c], 1)
    return Program(data, [tf.layers.dense(joined, 3, name="out"), tf.stack(outputs, 1, name="all")])


@case
def cell_learned_start():
    """An initial state that is a variable, repeated for the batch."""
    x, data = sequences(4, 3)
    start = tf.get_variable("start", [1, 4])
    state = tf.tile(start, [tf.shape(x)[0], 1])
    outputs, _ = tf.nn.dynamic_rnn(rnn.GRUCell(4), x, initial_state=state)
    return Program(data, last(outputs))


@case
def cell_backwards_time_major():
    """A backward fused layer by TimeReversedFusedRNN beside a forward one, time first."""
    x, data = sequences(4, 3)
    net = tf.transpose(x, [1, 0, 2])
    forward, _ = contrib_rnn.LSTMBlockFusedCell(4)(net, dtype=tf.float32)
    backward = contrib_rnn.TimeReversedFusedRNN(contrib_rnn.LSTMBlockFusedCell(4, name="back"))
    reverse, _ = backward(net, dtype=tf.float32)
    joined = tf.transpose(tf.concat([forward, reverse], -1), [1, 0, 2])
    return Program(data, tf.layers.dense(joined, 2, name="out"))


@case
def cell_keras_masking():
    """Keras LSTM after an embedding that masks zeros, in graph mode."""
    tokens = tf.placeholder(tf.int32, [None, 4], name="tokens")
    net = tf.keras.layers.Embedding(8, 3, mask_zero=True)(tokens)
    net = tf.keras.layers.LSTM(4, recurrent_activation="sigmoid")(net)
    data = (normal(EXAMPLES, 4) > 0).astype("int32") * 3
    return Program({tokens: data}, tf.layers.dense(net, 2, name="out"))


@case
def cell_peephole_projection():
    """LSTMCell with peepholes and a projection, which Keras has no layer for."""
    x, data = sequences(4, 3)
    cell = rnn.LSTMCell(5, use_peepholes=True, num_proj=4)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, last(outputs))
