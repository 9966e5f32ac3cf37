"""Sizes that only a run knows: of another tensor, computed, padded to a multiple."""

import tensorflow as tf

from harness import Program, case, normal, random


def weight(name, *shape):
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.4))


def sequences(channels=4):
    x = tf.placeholder(tf.float32, [None, None, channels], name="x")
    return x, {x: normal(2, 7, channels)}, {x: normal(3, 11, channels)}


def images():
    x = tf.placeholder(tf.float32, [None, None, None, 3], name="images")
    return x, {x: normal(2, 12, 10, 3)}, {x: normal(1, 9, 15, 3)}


@case
def size_ones():
    """Causal masks by tf.ones([n, n]) and by ranges; tf.ones([batch, length, 1])."""
    x, data, second = sequences()
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    scores = tf.matmul(x, x, transpose_b=True) * tf.ones([batch, length, 1])
    lower = tf.matrix_band_part(tf.ones([length, length]), -1, 0)
    places = tf.range(length)
    later = tf.cast(places[:, None] > places[None, :] + 2, tf.float32)
    scores = scores * lower - 1e4 * (1.0 - lower) - later
    net = tf.matmul(tf.nn.softmax(scores), tf.layers.dense(x, 5))
    net += tf.cast(tf.fill([length, 1], 3), tf.float32)
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def size_pad_to_multiple():
    """A dilated convolution by padding to a multiple and reshaping, as WaveNet had it."""
    x, data, second = sequences()
    sizes, rate = tf.shape(x), 3
    padding = rate - 1 - (sizes[1] + rate - 1) % rate
    net = tf.pad(x, [[0, 0], [0, padding], [0, 0]])
    net = tf.transpose(tf.reshape(net, [-1, rate, sizes[2]]), [1, 0, 2])
    net = tf.nn.conv1d(
        tf.reshape(net, [sizes[0] * rate, -1, sizes[2]]), weight("w", 2, 4, 5), 1, "VALID"
    )
    after = tf.shape(net)
    net = tf.transpose(tf.reshape(net, [rate, -1, after[2]]), [1, 0, 2])
    net = tf.reshape(net, [tf.div(after[0], rate), -1, after[2]])
    net = tf.slice(net, [0, 0, 0], [-1, sizes[1] - rate, -1])
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def size_resize():
    """Images resized to the sizes of others: three methods, corners aligned or not."""
    x, data, second = images()
    half = tf.layers.conv2d(x, 4, 3, 2, "same", name="half")
    quarter = tf.layers.conv2d(half, 4, 3, 2, "same", name="quarter")
    net = tf.image.resize_bilinear(quarter, tf.shape(half)[1:3])
    net += tf.image.resize_bicubic(quarter, tf.shape(half)[1:3])
    net = half + tf.image.resize_nearest_neighbor(net, tf.shape(half)[1:3], align_corners=True)
    net = tf.image.resize_bilinear(net, [tf.shape(x)[1], tf.shape(x)[2]], align_corners=True)
    net = tf.image.resize_nearest_neighbor(net, tf.shape(x)[1:3] + 3)
    return Program(data, tf.layers.conv2d(net, 2, 3, name="out"), second=second)


@case
def size_ranges():
    """Ranges and broadcasts of computed sizes; vectors of sizes that are computed with."""
    x, data, second = sequences()
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    places = tf.cast(tf.range(1, length + 1), tf.float32) / tf.cast(length, tf.float32)
    net = x * places[None, :, None]
    learned = tf.broadcast_to(weight("learned", 1, 1, 4), [batch, 2 * length, 4])
    net = tf.concat([net, learned], 1)
    count = tf.cast(tf.reduce_prod(tf.shape(net)[:2]), tf.float32)
    net = tf.layers.dense(net, 3) / tf.sqrt(count)
    net = tf.reshape(net, tf.concat([tf.shape(x)[:1], tf.shape(x)[1:2] * 3, [3]], 0))
    return Program(data, tf.reshape(net, tf.stack([batch * length, 9]), name="out"), second=second)


@case
def size_dilated():
    """tf.nn.atrous_conv2d and tf.layers.conv2d(dilation_rate=2) of images of any size."""
    x, data, second = images()
    net = tf.nn.relu(tf.nn.atrous_conv2d(x, weight("w", 3, 3, 3, 4), 2, "SAME"))
    net = tf.layers.conv2d(net, 5, 3, dilation_rate=2, padding="same", name="d2")
    net = tf.layers.conv2d(net, 3, 3, dilation_rate=(2, 3), name="d3")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def size_space_to_batch():
    """tf.space_to_batch_nd by itself, and back."""
    x, data, second = images()
    net = tf.pad(x, [[0, 0], [0, -tf.shape(x)[1] % 4], [0, -tf.shape(x)[2] % 4], [0, 0]])
    net = tf.space_to_batch_nd(net, [2, 2], [[0, 0], [0, 0]])
    net = tf.layers.max_pooling2d(tf.layers.conv2d(net, 4, 1, name="c"), 2, 2)
    net = tf.batch_to_space_nd(net, [2, 2], [[0, 0], [0, 0]])
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def size_gathered():
    """The last step of each sequence by flat indices, the first squeezed; a table cut."""
    x, data, second = sequences()
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    data[lengths], second[lengths] = [7, 3], random(1).randint(1, 12, 3)
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    net = x + weight("positions", 16, 4)[:length]
    flat = tf.reshape(tf.layers.dense(net, 5), [-1, 5])
    last = tf.gather(flat, tf.range(0, batch) * length + (lengths - 1))
    first = tf.layers.dense(tf.squeeze(x[:, 0:1, :], axis=1), 5, name="first")
    return Program(data, tf.add(last, first, name="out"), second=second)


@case
def open_image():
    """An image of any shape: padding, convolutions, a resize; its rank is nowhere written."""
    x = tf.placeholder(tf.float32, name="image")
    net = tf.pad((x - 0.5) * 2.0, [[0, 0], [1, 1], [1, 1], [0, 0]])
    net = tf.nn.relu(tf.nn.conv2d(net, weight("w", 3, 3, 3, 4), [1, 2, 2, 1], "VALID"))
    net = tf.image.resize_nearest_neighbor(net, 2 * tf.shape(net)[1:3])
    net = tf.nn.bias_add(
        tf.nn.conv2d(net, weight("v", 1, 1, 4, 2), [1, 1, 1, 1], "SAME"), weight("b", 2)
    )
    second = {x: normal(1, 11, 6, 3)}
    return Program({x: normal(2, 8, 8, 3)}, tf.identity(net, name="out"), second=second)


@case
def size_heads_as_batch():
    """Heads put into the batch, by unstacked sizes; K.bias_add and K.sqrt of Keras 2."""
    x, data, second = sequences(6)

    def dense(x, name):
        sizes = tf.unstack(tf.shape(x))
        rows = tf.matmul(tf.reshape(x, [-1, sizes[-1]]), weight(name, 6, 6))
        wide = tf.reshape(weight(name + "_bias", 6), [1, 1, 6])
        return tf.reshape(rows, [*sizes[:-1], 6]) + wide

    def heads(x):
        sizes = tf.shape(x)
        split = tf.reshape(x, [sizes[0], sizes[1], 2, sizes[2] // 2])
        return tf.reshape(
            tf.transpose(split, [0, 2, 1, 3]), [sizes[0] * 2, sizes[1], sizes[2] // 2]
        )

    query, key, value = (heads(dense(x, name)) for name in ("query", "key", "value"))
    scores = tf.matmul(query, key, transpose_b=True)
    scores = tf.exp(scores - tf.reduce_max(scores, -1, keepdims=True))
    net = tf.matmul(scores / tf.reduce_sum(scores, -1, keepdims=True), value)
    sizes = tf.shape(net)
    net = tf.reshape(net, [sizes[0] // 2, 2, sizes[1], sizes[2]])
    net = tf.reshape(tf.transpose(net, [0, 2, 1, 3]), [sizes[0] // 2, sizes[1], sizes[2] * 2])
    net = dense(net, "joined") + x
    centered = net - tf.reduce_mean(net, -1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centered), -1, keepdims=True)
    root = tf.sqrt(tf.maximum(tf.minimum(variance + 1e-10, float("inf")), 0.0))
    return Program(data, tf.identity(centered / root, name="out"), second=second)


@case
def open_sequence():
    """A sequence of any shape through tf.nn.conv1d, which adds a dimension first."""
    x = tf.placeholder(tf.float32, name="wave")
    net = tf.nn.conv1d(x, weight("w", 3, 2, 4), 1, "SAME")
    net = tf.reduce_max(tf.nn.relu(net), 1)
    net = tf.matmul(net, weight("v", 4, 3))
    second = {x: normal(4, 6, 2)}
    return Program({x: normal(2, 9, 2)}, tf.identity(net, name="out"), second=second)


@case
def open_rows():
    """Rows of any shape: tf.matmul writes a product of stacks, since it does not know the rank."""
    x = tf.placeholder(tf.float32, name="rows")
    net = tf.nn.relu(tf.matmul(x, weight("w", 6, 5)) + weight("b", 5))
    net = tf.matmul(net, weight("v", 5, 3))
    return Program({x: normal(4, 6)}, tf.identity(net, name="out"), second={x: normal(9, 6)})


@case
def open_sizes():
    """An image that is fed together with its sizes, and reshaped to them (MTCNN)."""
    x = tf.placeholder(tf.float32, name="image")
    height = tf.placeholder(tf.int32, name="height")
    width = tf.placeholder(tf.int32, name="width")
    net = tf.reshape(x, [1, height, width, 3])
    net = tf.layers.conv2d(net, 4, 3, activation=tf.nn.relu, name="c1")
    net = tf.squeeze(tf.layers.conv2d(net, 2, 1, name="c2"), axis=0)
    data = {x: normal(1, 10, 12, 3)}
    return Program(data, tf.identity(net, name="out"), feed={height: 10, width: 12})
