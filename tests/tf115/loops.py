"""Loops over time of cells that Keras has no layer for: of contrib, scans, attention."""

import tensorflow as tf
from tensorflow.python.ops import gen_rnn_ops

import endings
from harness import EXAMPLES, Program, Training, case, normal
from problem import CLASSES, batches, cross_entropy
from rnn import contrib_rnn, lengths, rnn, sequences


def last(outputs):
    return tf.layers.dense(outputs[:, -1], 3, name="out")


def with_lengths(data, steps=7):
    length = tf.placeholder(tf.int32, [None], name="length")
    data[length] = lengths(steps)
    return length


@case
def loop_lstm_projection_lengths():
    """LSTMCell with peepholes, a projection and both clips; lengths; outputs and final state."""
    x, data = sequences()
    cell = rnn.LSTMCell(6, use_peepholes=True, num_proj=4, cell_clip=0.5, proj_clip=0.3)
    outputs, state = tf.nn.dynamic_rnn(
        cell, x, sequence_length=with_lengths(data), dtype=tf.float32
    )
    joined = tf.concat([state.c, state.h], 1)
    return Program(data, [tf.layers.dense(joined, 3, name="out"), tf.identity(outputs, "all")])


@case
def loop_peephole_bidirectional():
    """Peepholes both ways with lengths, outputs joined."""
    x, data = sequences()
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(
        rnn.LSTMCell(4, use_peepholes=True),
        rnn.LSTMCell(5, use_peepholes=True),
        x,
        sequence_length=with_lengths(data),
        dtype=tf.float32,
    )
    return Program(data, tf.layers.dense(tf.concat(outputs, 2), 3, name="tags"))


@case
def loop_layer_norm_lstm():
    """LayerNormBasicLSTMCell with a keep_prob that is fed."""
    x, data = sequences()
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")
    cell = contrib_rnn.LayerNormBasicLSTMCell(6, dropout_keep_prob=keep_prob)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    out = last(outputs)
    train = endings.fed(endings.notes(out, 3), {**data, keep_prob: 1.0})
    return Program(data, out, feed={keep_prob: 1.0}, train=train)


@case
def loop_contrib_cells():
    """UGRNNCell, IntersectionRNNCell and NASCell on top of each other."""
    x, data = sequences(5, 6)
    cells = [contrib_rnn.UGRNNCell(6), contrib_rnn.IntersectionRNNCell(6), contrib_rnn.NASCell(4)]
    outputs, _ = tf.nn.dynamic_rnn(rnn.MultiRNNCell(cells), x, dtype=tf.float32)
    return Program(data, last(outputs))


@case
def loop_highway_and_known():
    """A HighwayWrapper around a GRU above a BasicLSTMCell, in one loop."""
    x, data = sequences(5, 6)
    cells = [rnn.BasicLSTMCell(6), contrib_rnn.HighwayWrapper(rnn.GRUCell(6))]
    outputs, state = tf.nn.dynamic_rnn(rnn.MultiRNNCell(cells), x, dtype=tf.float32)
    return Program(data, [last(outputs), tf.identity(state[0].c, name="memory")])


@case
def loop_conv_lstm():
    """ConvLSTMCell: images over time, the state an image."""
    x = tf.placeholder(tf.float32, [None, 4, 6, 6, 2], name="frames")
    cell = contrib_rnn.Conv2DLSTMCell(input_shape=[6, 6, 2], output_channels=3, kernel_shape=[3, 3])
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    out = tf.layers.dense(tf.layers.flatten(outputs[:, -1]), 3, name="out")
    return Program({x: normal(EXAMPLES, 4, 6, 6, 2)}, out)


@case
def loop_phased_lstm():
    """PhasedLSTMCell, whose inputs are times and values."""
    time = tf.placeholder(tf.float32, [None, 5, 1], name="time")
    x, data = sequences(5, 3)
    outputs, _ = tf.nn.dynamic_rnn(contrib_rnn.PhasedLSTMCell(4), (time, x), dtype=tf.float32)
    data[time] = normal(EXAMPLES, 5, 1, salt=3).cumsum(1)
    return Program(data, last(outputs))


@case
def loop_lstm_block_peephole():
    """LSTMBlockCell with peepholes and a clip, in dynamic_rnn."""
    x, data = sequences()
    cell = contrib_rnn.LSTMBlockCell(6, use_peephole=True, cell_clip=0.6)
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return Program(data, [last(outputs), tf.identity(state[0], name="memory")])


@case
def loop_lstm_block_fused_peephole():
    """LSTMBlockFusedCell with peepholes: one operation over time."""
    x, data = sequences()
    cell = contrib_rnn.LSTMBlockFusedCell(6, use_peephole=True, cell_clip=0.6)
    outputs, state = cell(tf.transpose(x, [1, 0, 2]), dtype=tf.float32)
    out = tf.layers.dense(tf.concat([outputs[-1], state[0]], 1), 3, name="out")
    return Program(data, out)


@case
def loop_block_lstm_v2():
    """BlockLSTMV2, which has another order of gates and no forget bias, clipped."""
    x, data = sequences()
    kernel, bias = tf.get_variable("kernel", [11, 24]), tf.get_variable("bias", [24])
    zeros, peep = tf.zeros([EXAMPLES, 6]), tf.zeros([6])
    _, memory, _, _, _, _, hidden = gen_rnn_ops.block_lstmv2(
        tf.constant(7, tf.int64), tf.transpose(x, [1, 0, 2]), zeros, zeros, kernel,
        peep, peep, peep, bias, cell_clip=0.5,
    )  # fmt: skip
    out = tf.layers.dense(tf.concat([memory[-1], hidden[-1]], 1), 3, name="out")
    return Program(data, out)


class MirroredGRU(rnn.RNNCell):
    """A GRU by hand, in the paper's spelling."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    @property
    def state_size(self):
        return self.units

    @property
    def output_size(self):
        return self.units

    def call(self, x, h):
        z = tf.sigmoid(tf.layers.dense(tf.concat([x, h], 1), self.units, name="update"))
        r = tf.sigmoid(tf.layers.dense(tf.concat([x, h], 1), self.units, name="reset"))
        c = tf.tanh(tf.layers.dense(tf.concat([x, r * h], 1), self.units, name="candidate"))
        h = (1 - z) * h + z * c
        return h, h


@case
def loop_gru_mirrored():
    """`(1 - z) * h + z * c` in a cell of one's own; lengths; the last state."""
    x, data = sequences()
    _, state = tf.nn.dynamic_rnn(
        MirroredGRU(6), x, sequence_length=with_lengths(data), dtype=tf.float32
    )
    return Program(data, tf.layers.dense(state, 3, name="out"))


def time_aware(x, time, units):
    """A time-aware LSTM in tf.scan: its two states in one tensor, time decays the memory."""
    features = x.shape[2].value

    def weights(name, rows):
        return tf.get_variable(name, [rows, units])

    gates = {g: (weights("w_" + g, features), weights("u_" + g, units)) for g in "ifoc"}
    biases = {g: tf.get_variable("b_" + g, [units]) for g in "ifoc"}
    decompose = weights("w_decomp", units)

    def step(previous, current):
        h, c = tf.unstack(previous)
        batch = tf.shape(current)[0]
        elapsed = tf.slice(current, [0, 0], [batch, 1])
        now = tf.slice(current, [0, 1], [batch, features])
        short = tf.tanh(tf.matmul(c, decompose))
        decay = 1.0 / tf.log(elapsed + 2.7183)
        c = c - short + short * decay
        pre = {g: tf.matmul(now, w) + tf.matmul(h, u) + biases[g] for g, (w, u) in gates.items()}
        c = tf.sigmoid(pre["f"]) * c + tf.sigmoid(pre["i"]) * tf.tanh(pre["c"])
        h = tf.sigmoid(pre["o"]) * tf.tanh(c)
        return tf.stack([h, c])

    joined = tf.concat([tf.expand_dims(time, 2), x], 2)
    start = tf.zeros([tf.shape(x)[0], units])
    states = tf.scan(
        step, tf.transpose(joined, [1, 0, 2]), initializer=tf.stack([start, start]), name="states"
    )
    return states[:, 0]


@case
def loop_scan_time_aware():
    """A time-aware LSTM: tf.scan, then tf.map_fn over its states."""
    x, data = sequences(5, 3)
    time = tf.placeholder(tf.float32, [None, 5], name="time")
    data[time] = abs(normal(EXAMPLES, 5, salt=4))
    w, b = tf.get_variable("w_out", [4, 3]), tf.get_variable("b_out", [3])
    outputs = tf.map_fn(lambda h: tf.nn.relu(tf.matmul(h, w) + b), time_aware(x, time, 4))
    return Program(data, tf.identity(outputs[-1], name="prediction"))


@case
def loop_scan_reversed():
    """tf.scan from the end, two sequences, two states, all states returned."""
    x, data = sequences(5, 3)
    w = tf.get_variable("w", [7, 4])

    def step(states, current):
        level, trend = states
        features, gate = current
        new = tf.tanh(tf.matmul(tf.concat([features, level], 1), w)) + 0.5 * trend
        return new, gate * trend + (1 - gate) * (new - level)

    net = tf.transpose(x, [1, 0, 2])
    start = tf.zeros([tf.shape(x)[0], 4])
    gate = tf.sigmoid(net[:, :, :1])
    levels, trends = tf.scan(step, (net, gate), initializer=(start, start), reverse=True)
    return Program(data, [tf.identity(levels[0], "level"), tf.transpose(trends, [1, 0, 2])])


@case
def loop_while_tensor_array():
    """tf.while_loop over a TensorArray, the step cut from the sequence by its number."""
    x, data = sequences(6, 3)
    w, b = tf.get_variable("w", [8, 5]), tf.get_variable("b", [5])
    outputs = tf.TensorArray(tf.float32, size=6)

    def body(t, h, written):
        h = tf.nn.softsign(tf.matmul(tf.concat([x[:, t, :], h], 1), w) + b)
        return t + 1, h, written.write(t, h * h)

    start = tf.zeros([tf.shape(x)[0], 5])
    _, h, written = tf.while_loop(lambda t, *_: t < 6, body, [0, start, outputs])
    squares = tf.transpose(written.stack(), [1, 0, 2])
    return Program(data, [last(squares), tf.identity(h, name="state")])


@case
def loop_while_own_outputs():
    """A decoder of a fixed number of steps that reads nothing but what it wrote."""
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    start = tf.layers.dense(x, 4, tf.tanh, name="encoder")
    cell, written = rnn.GRUCell(4), tf.TensorArray(tf.float32, size=3)
    project = tf.layers.Dense(2, name="project")

    def body(t, value, h, written):
        _, h = cell(value, h)
        value = project(h)
        return t + 1, value, h, written.write(t, value)

    state = (0, tf.zeros([tf.shape(x)[0], 2]), start, written)
    written = tf.while_loop(lambda t, *_: t < 3, body, state)[-1]
    out = tf.transpose(written.stack(), [1, 0, 2], name="forecast")
    return Program({x: normal(EXAMPLES, 5)}, out)


@case
def loop_control_flow_v2():
    """Peepholes and lengths under control flow v2, resource variables."""
    tf.enable_control_flow_v2()
    tf.enable_resource_variables()
    try:
        x, data = sequences()
        cell = rnn.LSTMCell(6, use_peepholes=True)
        outputs, state = tf.nn.dynamic_rnn(
            cell, x, sequence_length=with_lengths(data), dtype=tf.float32
        )
        out = tf.layers.dense(tf.concat([state.h, outputs[:, 0]], 1), 3, name="out")
        return Program(data, out, train=endings.fed(endings.notes(out, 3), data))
    finally:
        tf.disable_control_flow_v2()
        tf.disable_resource_variables()


@case
def loop_frozen():
    """A frozen graph with a loop of peepholes in it."""
    x, data = sequences(6, 4)
    outputs, _ = tf.nn.dynamic_rnn(rnn.LSTMCell(5, use_peepholes=True), x, dtype=tf.float32)
    return Program(data, tf.nn.softmax(last(outputs), name="output"), form="frozen")


def trained(run, shape=(5, 3), optimizer=None):
    """A network on sequences with cross entropy, to be continued."""
    x = tf.placeholder(tf.float32, [None, *shape], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    logits = tf.layers.dense(run(x), CLASSES, name="logits")
    cost = cross_entropy(logits, y)
    train = (optimizer or tf.train.AdamOptimizer(0.01)).minimize(cost, name="train")
    return Training(x, y, logits, cost, train, batches(shape))


@case
def train_loop_peephole():
    """Adam through a loop of peepholes, a projection and a clip."""
    cell = rnn.LSTMCell(6, use_peepholes=True, num_proj=4, cell_clip=3.0)
    return trained(lambda x: tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0][:, -1])


@case
def train_loop_layer_norm():
    """RMSProp through LayerNormBasicLSTMCell."""
    cell = contrib_rnn.LayerNormBasicLSTMCell(6)
    run = lambda x: tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[1].h  # noqa: E731
    return trained(run, optimizer=tf.train.RMSPropOptimizer(0.005, momentum=0.5))


@case
def train_loop_scan():
    """Adam through a time-aware LSTM in tf.scan."""
    return trained(lambda x: time_aware(x, tf.square(x[:, :, 0]), 6)[-1])


@case
def train_loop_mirrored_gru():
    """Momentum through a GRU of one's own, a penalty in it, gradients clipped by their norm."""
    x = tf.placeholder(tf.float32, [None, 5, 3], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    _, state = tf.nn.dynamic_rnn(MirroredGRU(6), x, dtype=tf.float32)
    logits = tf.layers.dense(state, CLASSES, name="logits")
    (kernel,) = [v for v in tf.trainable_variables() if v.op.name.endswith("candidate/kernel")]
    cost = cross_entropy(logits, y) + 0.01 * tf.nn.l2_loss(kernel)
    optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
    gradients, variables = zip(*optimizer.compute_gradients(cost))
    gradients, _ = tf.clip_by_global_norm(gradients, 0.5)
    train = optimizer.apply_gradients(zip(gradients, variables), name="train")
    return Training(x, y, logits, cost, train, batches((5, 3)))


@case
def loop_positions():
    """A clockwork RNN: half of the state stands still at every other step, by the step's number."""
    x, data = sequences(5, 3)
    w = tf.get_variable("w", [7, 4])
    slow = tf.constant([0.0, 0.0, 1.0, 1.0])

    def step(states, current):
        t, h = states
        new = tf.tanh(tf.matmul(tf.concat([current, h], 1), w))
        still = slow * tf.cast(tf.equal(t % 2, 1), tf.float32)
        return t + 1, still * h + (1 - still) * new

    start = tf.zeros([tf.shape(x)[0], 4])
    _, states = tf.scan(step, tf.transpose(x, [1, 0, 2]), initializer=(0, start))
    return Program(data, tf.layers.dense(states[-1], 3, name="out"))


@case
def loop_scan_from_first():
    """tf.scan without an initializer: exponential smoothing that starts from the first step."""
    x, data = sequences(5, 3)
    rate = tf.sigmoid(tf.get_variable("rate", [3]))
    smooth = tf.scan(lambda s, now: rate * now + (1 - rate) * s, tf.transpose(x, [1, 0, 2]))
    return Program(data, tf.layers.dense(tf.transpose(smooth, [1, 0, 2]), 2, name="out"))


@case
def loop_last_element():
    """A TensorArray of which the last element alone is read."""
    x, data = sequences(5, 3)
    steps = tf.TensorArray(tf.float32, size=5).unstack(tf.transpose(x, [1, 0, 2]))
    w = tf.get_variable("w", [7, 4])

    def body(t, h, written):
        h = tf.tanh(tf.matmul(tf.concat([steps.read(t), h], 1), w)) * 0.5 + h * 0.5
        return t + 1, h, written.write(t, tf.nn.l2_normalize(h, 1))

    state = (0, tf.zeros([tf.shape(x)[0], 4]), tf.TensorArray(tf.float32, size=5))
    written = tf.while_loop(lambda t, *_: t < 5, body, state)[-1]
    return Program(data, tf.layers.dense(written.read(4), 3, name="out"))


@case
def loop_steps_fed():
    """A loop over as many steps as are fed."""
    x, data = sequences(5, 3)
    steps = tf.placeholder(tf.int32, [], name="steps")
    w = tf.get_variable("w", [7, 4])

    def body(t, h):
        return t + 1, tf.tanh(tf.matmul(tf.concat([x[:, t], h], 1), w)) + 0.5 * h

    _, h = tf.while_loop(lambda t, _: t < steps, body, (0, tf.zeros([tf.shape(x)[0], 4])))
    data[steps] = 3
    return Program(data, tf.layers.dense(h, 3, name="out"))


@case
def loop_until_found():
    """A loop that what it computes ends."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    w = tf.get_variable("w", [4, 4])
    state = tf.while_loop(
        lambda h: tf.reduce_max(tf.abs(h)) > 0.5, lambda h: tf.tanh(tf.matmul(h, w)) * 0.8, [x]
    )
    return Program({x: normal(EXAMPLES, 4)}, tf.layers.dense(state, 3, name="out"))
