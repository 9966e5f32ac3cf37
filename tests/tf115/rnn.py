"""Recurrent networks: dynamic_rnn and static_rnn, every common cell, lengths, directions."""

import numpy as np
import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal, one_hot, random

rnn = tf.nn.rnn_cell
contrib_rnn = tf.contrib.rnn


def sequences(steps=7, width=5, name="x"):
    x = tf.placeholder(tf.float32, [None, steps, width], name=name)
    return x, {x: normal(EXAMPLES, steps, width)}


def lengths(steps=7):
    return random(9).randint(1, steps + 1, EXAMPLES).astype("int32")


@case
def static_lstm_notes():
    """The course notes' RNN: tf.unstack, BasicLSTMCell, static_rnn, outputs[-1], dictionaries."""
    timesteps, num_input, num_hidden, num_classes = 6, 5, 8, 4
    x = tf.placeholder("float", [None, timesteps, num_input])
    y = tf.placeholder("float", [None, num_classes])
    weights = {"out": tf.Variable(tf.random_normal([num_hidden, num_classes]))}
    biases = {"out": tf.Variable(tf.random_normal([num_classes]))}
    steps = tf.unstack(x, timesteps, 1)
    cell = contrib_rnn.BasicLSTMCell(num_hidden, forget_bias=1.0)
    outputs, _ = contrib_rnn.static_rnn(cell, steps, dtype=tf.float32)
    logits = tf.matmul(outputs[-1], weights["out"]) + biases["out"]
    tf.nn.softmax(logits)
    data = {x: normal(EXAMPLES, timesteps, num_input)}
    return Program(data, logits, train=endings.fed(endings.notes(logits, num_classes, y), data))


@case
def static_split_transpose():
    """Older style: transpose, reshape, tf.split into steps; two unrolled GRU layers."""
    x, data = sequences(5, 4)
    net = tf.transpose(x, [1, 0, 2])
    net = tf.reshape(net, [-1, 4])
    steps = tf.split(net, 5, 0)
    cell = rnn.MultiRNNCell([rnn.GRUCell(6), rnn.GRUCell(5)])
    outputs, _ = tf.nn.static_rnn(cell, steps, dtype=tf.float32)
    out = tf.layers.dense(outputs[-1], 3)
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def basic_rnn_final_state():
    """BasicRNNCell in dynamic_rnn, final state to dense; course style with fully_connected."""
    x, data = sequences()
    y = tf.placeholder(tf.int32, [None])
    cell = rnn.BasicRNNCell(num_units=9)
    _, states = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    logits = tf.layers.dense(states, 3)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    train = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(entropy))
    tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.float32))
    return Program(data, logits, train=(train, {**data, y: random(3).randint(0, 3, EXAMPLES)}))


@case
def lstm_last_output():
    """BasicLSTMCell, outputs[:, -1, :], forget_bias 0, initial state from zero_state."""
    x = tf.placeholder(tf.float32, [EXAMPLES, 7, 5], name="x")
    cell = rnn.BasicLSTMCell(8, forget_bias=0.0)
    state = cell.zero_state(EXAMPLES, tf.float32)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, initial_state=state)
    out = tf.layers.dense(outputs[:, -1, :], 3, name="out")
    data = {x: normal(EXAMPLES, 7, 5)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def lstm_final_h_lengths():
    """LSTMCell with sequence_length from a placeholder; final state's h; gradient clipping."""
    x, data = sequences()
    length = tf.placeholder(tf.int32, [None], name="sequence_length")
    y = tf.placeholder(tf.int32, [None], name="y")
    _, state = tf.nn.dynamic_rnn(rnn.LSTMCell(8), x, sequence_length=length, dtype=tf.float32)
    out = tf.layers.dense(state.h, 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(y, out)
    optimizer = tf.train.AdamOptimizer(0.01)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
    train = optimizer.apply_gradients(zip(gradients, variables))
    data[length] = lengths()
    return Program(data, out, train=(train, {**data, y: random(3).randint(0, 3, EXAMPLES)}))


@case
def gru_lengths_gather():
    """GRUCell with lengths; the last relevant output by gather on flattened outputs."""
    x, data = sequences()
    length = tf.placeholder(tf.int32, [None], name="lengths")
    outputs, _ = tf.nn.dynamic_rnn(rnn.GRUCell(6), x, sequence_length=length, dtype=tf.float32)
    batch = tf.shape(outputs)[0]
    index = tf.range(0, batch) * 7 + (length - 1)
    last = tf.gather(tf.reshape(outputs, [-1, 6]), index)
    out = tf.layers.dense(last, 3, name="logits")
    data[length] = lengths()
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def gru_length_from_data():
    """Lengths computed from zero padding (sign, reduce_max, reduce_sum), outputs at every step."""
    x, data = sequences()
    used = tf.sign(tf.reduce_max(tf.abs(x), 2))
    length = tf.cast(tf.reduce_sum(used, 1), tf.int32)
    outputs, _ = tf.nn.dynamic_rnn(rnn.GRUCell(6), x, dtype=tf.float32, sequence_length=length)
    out = tf.layers.dense(outputs, 2, name="tags")
    mask = np.arange(7)[None, :] < lengths()[:, None]
    data[x] = data[x] * mask[:, :, None].astype("float32")
    return Program(data, out)


@case
def stacked_lstm_dropout():
    """MultiRNNCell of LSTM cells in DropoutWrapper (keep_prob placeholder), last output."""
    x, data = sequences()
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")

    def cell(size):
        return rnn.DropoutWrapper(rnn.BasicLSTMCell(size), output_keep_prob=keep_prob)

    stacked = rnn.MultiRNNCell([cell(8), cell(6)])
    outputs, _ = tf.nn.dynamic_rnn(stacked, x, dtype=tf.float32)
    out = tf.layers.dense(outputs[:, -1], 3)
    # The loop's iterations draw their masks in no fixed order, so 0.5 would not be repeatable.
    train = endings.fed(endings.notes(out, 3), {**data, keep_prob: 1.0})
    return Program(data, out, feed={keep_prob: 1.0}, train=train)


@case
def bidirectional_lstm_concat():
    """bidirectional_dynamic_rnn with lengths, outputs concatenated, dense at every step."""
    tokens = tf.placeholder(tf.int32, [None, 8], name="word_ids")
    length = tf.placeholder(tf.int32, [None], name="sequence_lengths")
    with tf.variable_scope("words"):
        table = tf.get_variable("_word_embeddings", [20, 6])
        net = tf.nn.embedding_lookup(table, tokens, name="word_embeddings")
    with tf.variable_scope("bi-lstm"):
        (fw, bw), _ = tf.nn.bidirectional_dynamic_rnn(
            rnn.LSTMCell(5), rnn.LSTMCell(5), net, sequence_length=length, dtype=tf.float32
        )
        net = tf.concat([fw, bw], axis=-1)
    with tf.variable_scope("proj"):
        w = tf.get_variable("W", [10, 4])
        b = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
        steps = tf.shape(net)[1]
        pred = tf.matmul(tf.reshape(net, [-1, 10]), w) + b
        out = tf.reshape(pred, [-1, steps, 4], name="logits")
    data = {tokens: random(1).randint(0, 20, (EXAMPLES, 8)), length: lengths(8)}
    return Program(data, out)


@case
def bidirectional_gru_states():
    """bidirectional_dynamic_rnn of GRU cells, final states concatenated, no lengths."""
    x, data = sequences()
    _, states = tf.nn.bidirectional_dynamic_rnn(
        rnn.GRUCell(5), rnn.GRUCell(4), x, dtype=tf.float32, scope="encoder"
    )
    out = tf.layers.dense(tf.concat(states, 1), 3)
    return Program(data, out, train=endings.fed(endings.estimator(out, 3), data))


@case
def bidirectional_static():
    """static_bidirectional_rnn over tf.unstack, middle dense on the last of the outputs."""
    x, data = sequences(5, 4)
    steps = tf.unstack(x, 5, 1)
    outputs, _, _ = contrib_rnn.static_bidirectional_rnn(
        contrib_rnn.BasicLSTMCell(5), contrib_rnn.BasicLSTMCell(5), steps, dtype=tf.float32
    )
    out = tf.layers.dense(outputs[-1], 3)
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def time_major_rnn():
    """time_major=True with the transpose written by hand, BasicRNNCell with relu."""
    x, data = sequences()
    net = tf.transpose(x, [1, 0, 2])
    cell = rnn.BasicRNNCell(6, activation=tf.nn.relu)
    outputs, _ = tf.nn.dynamic_rnn(cell, net, time_major=True, dtype=tf.float32)
    out = tf.layers.dense(outputs[-1], 3)
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def char_rnn():
    """Char-rnn: embedding, two LSTM layers, outputs reshaped, softmax_w, probabilities."""
    tokens = tf.placeholder(tf.int32, [EXAMPLES, 6], name="input_data")
    targets = tf.placeholder(tf.int32, [EXAMPLES, 6], name="targets")
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(7) for _ in range(2)])
    initial = cell.zero_state(EXAMPLES, tf.float32)
    with tf.variable_scope("rnnlm"):
        w = tf.get_variable("softmax_w", [7, 15])
        b = tf.get_variable("softmax_b", [15])
        embedding = tf.get_variable("embedding", [15, 7])
    net = tf.nn.embedding_lookup(embedding, tokens)
    outputs, _ = tf.nn.dynamic_rnn(cell, net, initial_state=initial, scope="rnnlm")
    logits = tf.matmul(tf.reshape(outputs, [-1, 7]), w) + b
    tf.nn.softmax(logits, name="probs")
    loss = tf.contrib.legacy_seq2seq.sequence_loss_by_example(
        [logits], [tf.reshape(targets, [-1])], [tf.ones([EXAMPLES * 6])]
    )
    cost = tf.reduce_sum(loss) / EXAMPLES / 6
    rate = tf.Variable(0.002, trainable=False)
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(cost, variables), 5.0)
    train = tf.train.AdamOptimizer(rate).apply_gradients(zip(gradients, variables))
    data = {tokens: random(1).randint(0, 15, (EXAMPLES, 6))}
    feeds = {**data, targets: random(2).randint(0, 15, (EXAMPLES, 6))}
    return Program(data, logits, train=(train, feeds))


@case
def lstm_block_fused():
    """LSTMBlockFusedCell on time-major input (its kernel is one op), last output."""
    x, data = sequences()
    cell = contrib_rnn.LSTMBlockFusedCell(6)
    outputs, _ = cell(tf.transpose(x, [1, 0, 2]), dtype=tf.float32)
    out = tf.layers.dense(outputs[-1], 3)
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def lstm_block_cell():
    """LSTMBlockCell inside dynamic_rnn, forget bias 0.7."""
    x, data = sequences()
    cell = contrib_rnn.LSTMBlockCell(6, forget_bias=0.7)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    out = tf.layers.dense(outputs[:, -1, :], 3)
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def bahdanau_pooling():
    """Attention over bidirectional outputs: v^T tanh(W h), softmax over time, weighted sum."""
    x, data = sequences()
    (fw, bw), _ = tf.nn.bidirectional_dynamic_rnn(
        rnn.GRUCell(4), rnn.GRUCell(4), x, dtype=tf.float32
    )
    h = tf.concat([fw, bw], 2)
    w = tf.Variable(tf.random_normal([8, 6], stddev=0.1), name="w_omega")
    b = tf.Variable(tf.random_normal([6], stddev=0.1), name="b_omega")
    u = tf.Variable(tf.random_normal([6], stddev=0.1), name="u_omega")
    v = tf.tanh(tf.tensordot(h, w, axes=1) + b)
    alphas = tf.nn.softmax(tf.tensordot(v, u, axes=1, name="vu"), name="alphas")
    net = tf.reduce_sum(h * tf.expand_dims(alphas, -1), 1)
    out = tf.layers.dense(net, 3, name="logits")
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def keras_lstm_graph_mode():
    """tf.keras LSTM and GRU in TF1 graph mode (while loops of Keras, hard sigmoid by default)."""
    session = tf.Session()
    tf.keras.backend.set_session(session)
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Embedding(20, 6, input_length=5),
            tf.keras.layers.LSTM(6, return_sequences=True),
            tf.keras.layers.GRU(5),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "categorical_crossentropy")
    tokens = random(1).randint(0, 20, (EXAMPLES, 5)).astype("float32")
    session.run(tf.global_variables_initializer())
    model.train_on_batch(tokens, one_hot(3))
    return Program({model.input: tokens}, model.output, session=session)


@case
def lstm_time_series_regression():
    """Forecasting: float sequence, stacked cells in a list, regression on the last step, MSE."""
    x = tf.placeholder(tf.float32, [None, 6, 1], name="X")
    cells = [rnn.LSTMCell(num_units=n, activation=tf.nn.elu) for n in (6, 5)]
    outputs, _ = tf.nn.dynamic_rnn(rnn.MultiRNNCell(cells), x, dtype=tf.float32)
    last = tf.transpose(outputs, [1, 0, 2])[5]
    out = tf.contrib.layers.fully_connected(last, 1, activation_fn=None)
    data = {x: normal(EXAMPLES, 6, 1)}
    return Program(data, out, train=endings.fed(endings.regression(out), data))


@case
def lstm_frozen_loop():
    """Conv front end, LSTM, mean over time; frozen graph with the v1 while loop inside."""
    x, data = sequences(8, 4, "signal")
    net = tf.layers.conv1d(x, 5, 3, padding="same", activation=tf.nn.relu, name="conv")
    outputs, _ = tf.nn.dynamic_rnn(rnn.BasicLSTMCell(6), net, dtype=tf.float32)
    out = tf.nn.softmax(tf.layers.dense(tf.reduce_mean(outputs, 1), 3), name="output")
    return Program(data, out, form="frozen")


@case
def gru_control_flow_v2():
    """dynamic_rnn under control flow v2: a While op with functions, resource variables."""
    tf.enable_control_flow_v2()
    tf.enable_resource_variables()
    try:
        x, data = sequences()
        outputs, state = tf.nn.dynamic_rnn(rnn.GRUCell(6), x, dtype=tf.float32)
        out = tf.layers.dense(tf.concat([state, outputs[:, 0]], 1), 3)
        return Program(data, out, train=endings.fed(endings.notes(out, 3), data))
    finally:
        tf.disable_control_flow_v2()
        tf.disable_resource_variables()


@case
def hand_written_lstm():
    """An LSTM written by ops in a Python loop over unstacked steps; one weight per gate."""
    x, data = sequences(5, 4)

    def gate(name):
        w = tf.Variable(tf.truncated_normal([10, 6], stddev=0.2), name="w_" + name)
        return w, tf.Variable(tf.zeros([6]), name="b_" + name)

    gates = {name: gate(name) for name in "ifoc"}
    h = c = tf.zeros([tf.shape(x)[0], 6])
    for step in tf.unstack(x, axis=1):
        joined = tf.concat([step, h], 1)
        i, f, o, g = (tf.matmul(joined, gates[k][0]) + gates[k][1] for k in "ifoc")
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
    out = tf.layers.dense(h, 3, name="out")
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def seq2seq_teacher_forcing():
    """Encoder LSTM whose final state starts the decoder's; projection at every step."""
    source = tf.placeholder(tf.int32, [None, 6], name="encoder_inputs")
    target = tf.placeholder(tf.int32, [None, 5], name="decoder_inputs")
    labels = tf.placeholder(tf.int32, [None, 5], name="decoder_targets")
    table = tf.Variable(tf.random_uniform([15, 6], -1.0, 1.0), name="embeddings")
    _, state = tf.nn.dynamic_rnn(
        rnn.LSTMCell(7), tf.nn.embedding_lookup(table, source), dtype=tf.float32, scope="encoder"
    )
    outputs, _ = tf.nn.dynamic_rnn(
        rnn.LSTMCell(7),
        tf.nn.embedding_lookup(table, target),
        initial_state=state,
        scope="plain_decoder",
    )
    logits = tf.contrib.layers.linear(outputs, 15)
    tf.argmax(logits, 2)
    losses = tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.one_hot(labels, depth=15, dtype=tf.float32), logits=logits
    )
    train = tf.train.AdamOptimizer().minimize(tf.reduce_mean(losses))
    data = {source: random(1).randint(0, 15, (EXAMPLES, 6))}
    data[target] = random(2).randint(0, 15, (EXAMPLES, 5))
    feeds = {**data, labels: random(3).randint(0, 15, (EXAMPLES, 5))}
    return Program(data, logits, train=(train, feeds))


@case
def gru_state_placeholder():
    """The initial state is fed; outputs are the predictions and the new state, for sampling."""
    x, data = sequences(4, 5)
    state = tf.placeholder(tf.float32, [None, 6], name="state_in")
    outputs, new_state = tf.nn.dynamic_rnn(rnn.GRUCell(6), x, initial_state=state)
    out = tf.layers.dense(outputs, 3, name="prediction")
    data[state] = normal(EXAMPLES, 6)
    return Program(data, [out, tf.identity(new_state, name="state_out")])
