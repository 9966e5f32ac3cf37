"""Recurrent networks with attention, and decoders of contrib.seq2seq that are taught."""

import numpy as np
import tensorflow as tf

from harness import EXAMPLES, Program, case, normal, random
from loops import last, trained, with_lengths
from rnn import contrib_rnn, rnn, sequences


@case
def loop_attention_wrapper():
    """AttentionWrapper: Bahdanau's attention to an encoder, its context joined at each step."""
    x, data = sequences()
    target = tf.placeholder(tf.float32, [None, 4, 3], name="target")
    memory, _ = tf.nn.dynamic_rnn(rnn.GRUCell(5), x, dtype=tf.float32, scope="encoder")
    attention = tf.contrib.seq2seq.BahdanauAttention(6, memory)
    cell = tf.contrib.seq2seq.AttentionWrapper(rnn.LSTMCell(5), attention, attention_layer_size=4)
    outputs, _ = tf.nn.dynamic_rnn(cell, target, dtype=tf.float32, scope="decoder")
    data[target] = normal(EXAMPLES, 4, 3, salt=6)
    return Program(data, tf.layers.dense(outputs, 3, name="scores"))


@case
def loop_attention_cell():
    """AttentionCellWrapper: attention over the states of the last steps."""
    x, data = sequences(6, 3)
    cell = contrib_rnn.AttentionCellWrapper(rnn.BasicLSTMCell(4), attn_length=3)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, last(outputs))


@case
def loop_decoder():
    """Seq2seq with attention as tutorials have it: TrainingHelper, BasicDecoder, dynamic_decode."""
    seq2seq = tf.contrib.seq2seq
    source = tf.placeholder(tf.int32, [None, 6], name="source")
    target = tf.placeholder(tf.int32, [None, 5], name="target")
    length = tf.placeholder(tf.int32, [None], name="target_length")
    table = tf.get_variable("embeddings", [12, 4])
    memory, state = tf.nn.dynamic_rnn(
        rnn.GRUCell(5), tf.nn.embedding_lookup(table, source), dtype=tf.float32, scope="encoder"
    )
    attention = seq2seq.LuongAttention(5, memory)
    cell = seq2seq.AttentionWrapper(rnn.GRUCell(5), attention, attention_layer_size=5)
    start = cell.zero_state(tf.shape(source)[0], tf.float32).clone(cell_state=state)
    helper = seq2seq.TrainingHelper(tf.nn.embedding_lookup(table, target), length)
    decoder = seq2seq.BasicDecoder(cell, helper, start, tf.layers.Dense(12, name="projection"))
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    data = {source: random(1).randint(0, 12, (EXAMPLES, 6))}
    data[target] = random(2).randint(0, 12, (EXAMPLES, 5))
    data[length] = np.arange(EXAMPLES) % 5 + 1
    return Program(data, [tf.identity(outputs.rnn_output, name="logits"), outputs.sample_id])


@case
def loop_decoder_finished():
    """A decoder of two LSTM layers without attention; what has finished is imputed."""
    seq2seq = tf.contrib.seq2seq
    x, data = sequences(6, 3)
    target = tf.placeholder(tf.float32, [None, 5, 3], name="target")
    cell = rnn.MultiRNNCell([rnn.LSTMCell(4), rnn.LSTMCell(5)])
    _, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, scope="encoder")
    length = with_lengths(data, 5)
    cell = rnn.MultiRNNCell([rnn.LSTMCell(4), rnn.LSTMCell(5)])
    helper = seq2seq.TrainingHelper(target, length)
    decoder = seq2seq.BasicDecoder(cell, helper, state, tf.layers.Dense(6, name="projection"))
    outputs, _, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)
    data[target] = normal(EXAMPLES, 5, 3, salt=6)
    return Program(data, tf.identity(outputs.rnn_output, name="logits"))


@case
def loop_decoder_memory_lengths():
    """Bahdanau's attention to a memory with lengths, a dropout around the cell."""
    seq2seq = tf.contrib.seq2seq
    x, data = sequences(6, 3)
    target = tf.placeholder(tf.float32, [None, 5, 3], name="target")
    target_length = tf.placeholder(tf.int32, [None], name="target_length")
    length = with_lengths(data, 6)
    memory, _ = tf.nn.dynamic_rnn(rnn.GRUCell(5), x, length, dtype=tf.float32, scope="encoder")
    attention = seq2seq.BahdanauAttention(4, memory, memory_sequence_length=length)
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")
    cell = rnn.DropoutWrapper(rnn.BasicLSTMCell(5), output_keep_prob=keep_prob)
    cell = seq2seq.AttentionWrapper(cell, attention)
    start = cell.zero_state(tf.shape(x)[0], tf.float32)
    decoder = seq2seq.BasicDecoder(cell, seq2seq.TrainingHelper(target, target_length), start)
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    data[target] = normal(EXAMPLES, 5, 3, salt=6)
    data[target_length] = np.arange(EXAMPLES) % 5 + 1
    out = tf.layers.dense(outputs.rnn_output, 4, name="out")
    return Program(data, out, feed={keep_prob: 1.0})


@case
def train_loop_attention():
    """Adam through an AttentionCellWrapper."""
    cell = contrib_rnn.AttentionCellWrapper(rnn.GRUCell(4), attn_length=3, state_is_tuple=True)
    return trained(lambda x: tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0][:, -1])
