"""CTC loss on logits of a convolution, made time-major; all sequences are as long as the batch;
a label that is repeated.
"""

from golden import *

rng = start(62)
x = tf.placeholder(tf.float32, [None, None, 4], "x")
y = tf.sparse_placeholder(tf.int32, name="y")
h = tf.layers.conv1d(x, 8, 3, padding="same", activation=tf.nn.relu, name="h")
logits = tf.transpose(tf.layers.dense(h, 6, name="logits"), [1, 0, 2], name="time_major")
steps = tf.fill([tf.shape(x)[0]], tf.shape(x)[1])
losses = tf.nn.ctc_loss(y, logits, steps)
loss = tf.reduce_sum(losses) / 10.0
train = tf.train.AdamOptimizer(0.01).minimize(loss)
tf.nn.ctc_beam_search_decoder(logits, steps, merge_repeated=False)


def batch(size):
    rows = [[1, 1, 4], [0, 3], [2]] * size
    pairs = [[i, j] for i in range(size) for j in range(len(rows[i]))]
    values = [rows[i][j] for i, j in pairs]
    return {x: rng.randn(size, 8, 4), y.indices: pairs, y.values: values, y.dense_shape: [size, 3]}


write(
    "CTC loss without lengths",
    "Forward exact, (time, batch, 6). Training exact; labels are rows that are padded.",
    [x],
    [logits],
    train,
    loss,
    batch,
    size=5,
    sizes=(5, 3),
)
