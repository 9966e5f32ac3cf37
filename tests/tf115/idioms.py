"""Operations and idioms of detectors, quantized networks and the first releases."""

import os
import tempfile

import numpy as np
import tensorflow as tf

from harness import Program, case, normal, random


def weight(name, *shape):
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.4))


def images(size=8):
    x = tf.placeholder(tf.float32, [None, size, size, 3], name="images")
    return x, {x: normal(4, size, size, 3)}, {x: normal(3, size, size, 3, salt=1)}


def moments_of_old(x, shifted):
    """tf.nn.moments of TensorFlow 0.8 to 0.12."""
    count = tf.cast(tf.reduce_prod(tf.gather(tf.shape(x), [0, 1, 2])), tf.float32)
    divisor = tf.math.reciprocal(count)
    if not shifted:
        mean = tf.reduce_sum(x, [0, 1, 2]) * divisor
        return mean, tf.reduce_sum(tf.square(x), [0, 1, 2]) * divisor - tf.square(mean)
    shift = tf.slice(x, tf.zeros([4], tf.int32), [1, 1, 1, -1])
    mean = tf.reduce_sum(x - shift, [0, 1, 2]) * divisor
    variance = tf.reduce_sum(tf.squared_difference(x, shift), [0, 1, 2]) * divisor
    return mean + tf.squeeze(shift, [0, 1, 2]), variance - tf.square(mean)


@case
def idiom_moments():
    """Batch normalization by the batch's own moments: of 0.8, shifted and not, and of 1.15."""
    x, data, second = images()
    net = tf.layers.conv2d(x, 4, 3, use_bias=False, name="a")
    mean, variance = moments_of_old(net, shifted=True)
    net = tf.nn.relu(
        tf.nn.batch_normalization(net, mean, variance, weight("b1", 4), weight("g1", 4), 1e-3)
    )
    net = tf.layers.conv2d(net, 4, 3, use_bias=False, name="b")
    mean, variance = moments_of_old(net, shifted=False)
    net = tf.nn.relu(
        tf.nn.batch_normalization(net, mean, variance, weight("b2", 4), weight("g2", 4), 1e-3)
    )
    net = tf.layers.conv2d(net, 4, 3, use_bias=False, name="c")
    mean, variance = tf.nn.moments(net, [0, 1, 2])
    net = tf.nn.batch_normalization(net, mean, variance, weight("b3", 4), None, 1e-3)
    return Program(data, tf.layers.dense(tf.layers.flatten(net), 3, name="out"), second=second)


@case
def idiom_slice_of_batch():
    """The first example of a batch, taken by a slice and squeezed."""
    x, data, second = images()
    first = tf.squeeze(tf.slice(x, [0, 0, 0, 0], [1, -1, -1, -1]), [0])
    net = tf.layers.conv2d(x - first, 2, 3, name="c")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def idiom_patches():
    """tf.extract_image_patches: squares side by side, overlapping, and dilated."""
    x, data, second = images()
    route = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu, name="route")
    sides = [1, 2, 2, 1]
    squares = tf.extract_image_patches(route, sides, sides, [1] * 4, "VALID")
    over = tf.extract_image_patches(route, [1, 3, 3, 1], sides, [1] * 4, "SAME")
    wide = tf.extract_image_patches(route, [1, 2, 3, 1], [1] * 4, sides, "VALID")
    net = tf.layers.conv2d(tf.concat([squares, over], 3), 5, 1, name="det")
    net = tf.reduce_mean(net, [1, 2]) + tf.layers.dense(tf.reduce_max(wide, [1, 2]), 5, name="fc")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def idiom_fake_quantization():
    """A graph for evaluation with fake quantization, of tf.contrib.quantize."""
    x, data, second = images()
    contrib = tf.contrib.layers
    normalizer = {"is_training": False, "fused": True, "scale": True}
    net = contrib.conv2d(x, 6, 3, normalizer_fn=contrib.batch_norm, normalizer_params=normalizer)
    net = tf.fake_quant_with_min_max_args(net, min=-2.0, max=3.0, num_bits=6)
    low = tf.get_variable("low", initializer=tf.constant([-1.0, -0.5, -2.0, 0.0, -1.0, -3.0]))
    high = tf.get_variable("high", initializer=tf.constant([1.0, 2.5, 2.0, 4.0, 1.5, 3.0]))
    net = tf.fake_quant_with_min_max_vars_per_channel(net, low, high)
    net = contrib.fully_connected(contrib.flatten(net), 5, activation_fn=None, scope="fc")
    tf.contrib.quantize.create_eval_graph(tf.get_default_graph())
    ranges = {"/min": -3.0, "/max": 3.0}
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    for variable in tf.global_variables():
        if variable.op.name[-4:] in ranges:
            variable.load(ranges[variable.op.name[-4:]], session)
    return Program(
        data, tf.identity(net, name="out"), second=second, form="frozen", session=session
    )


@case
def idiom_crops():
    """tf.image.crop_and_resize: boxes of features, some beyond the border, one turned over."""
    x, data, second = images()
    boxes = tf.placeholder(tf.float32, [None, 4], name="boxes")
    rows = tf.placeholder(tf.int32, [None], name="rows")
    corners = random(2).uniform(-0.2, 1.2, (6, 4)).astype("float32")
    data[boxes], data[rows] = corners, [0, 1, 1, 3, 2, 0]
    second[boxes], second[rows] = corners[:4] * 0.7, [2, 0, 1, 1]
    net = tf.layers.conv2d(x, 4, 3, padding="same", name="c")
    cuts = tf.image.crop_and_resize(net, boxes, rows, [5, 4], extrapolation_value=0.5)
    near = tf.image.crop_and_resize(net, boxes, rows, [1, 3], method="nearest")
    net = tf.layers.dense(tf.layers.flatten(cuts), 3, name="fc")
    net += tf.layers.dense(tf.layers.flatten(near), 3, name="near")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def idiom_vocabulary_files():
    """Words by index_table_from_file with more buckets; codes by one column of a file."""
    folder = tempfile.mkdtemp()
    for name, lines in (
        ("words.txt", ["<pad>"] + [f"w{i}" for i in range(9)]),
        ("codes.csv", [f"{7 * i},c{i}" for i in range(5)]),
    ):
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(lines) + "\n")
    lookup = tf.contrib.lookup
    words = tf.placeholder(tf.string, [None, 4], name="words")
    codes = tf.placeholder(tf.string, [None, 2], name="codes")
    table = lookup.index_table_from_file(os.path.join(folder, "words.txt"), num_oov_buckets=2)
    columns = lookup.TextFileInitializer(
        os.path.join(folder, "codes.csv"),
        tf.string,
        1,
        tf.int64,
        lookup.TextFileIndex.LINE_NUMBER,
        delimiter=",",
    )
    other = lookup.HashTable(columns, 4)
    net = tf.reduce_mean(tf.nn.embedding_lookup(weight("embedding", 12, 5), table.lookup(words)), 1)
    net += tf.reduce_sum(
        tf.nn.embedding_lookup(weight("codes_embedding", 5, 5), other.lookup(codes)), 1
    )
    net = tf.layers.dense(net, 3, name="dense")

    def drawn(count, salt):
        pool = np.array(["<pad>", "zz", "q"] + [f"w{i}" for i in range(9)], dtype=object)
        kinds = np.array([f"c{i}" for i in range(5)] + ["c9"], dtype=object)
        chosen = random(salt)
        return {
            words: pool[chosen.randint(0, 12, (count, 4))],
            codes: kinds[chosen.randint(0, 6, (count, 2))],
        }

    out = tf.identity(net, name="out")
    return Program(drawn(4, 1), out, second=drawn(7, 2), form="saved_model")


@case
def idiom_training_variable():
    """Batch normalization in a cond on a variable that a program sets to train, as in tflearn."""
    x, data, second = images()
    training = tf.get_variable("is_training", initializer=False, trainable=False)
    net = tf.layers.conv2d(x, 4, 3, name="c")
    mean = tf.get_variable("bn/moving_mean", [4], trainable=False)
    variance = tf.get_variable("bn/moving_variance", initializer=tf.ones([4]), trainable=False)

    def update():
        batch_mean, batch_variance = tf.nn.moments(net, [0, 1, 2])
        moved = [
            tf.assign_sub(old, 0.1 * (old - new))
            for old, new in ((mean, batch_mean), (variance, batch_variance))
        ]
        with tf.control_dependencies(moved):
            return tf.identity(batch_mean), tf.identity(batch_variance)

    found = tf.cond(training, update, lambda: (mean, variance))
    net = tf.nn.batch_normalization(
        net, found[0], found[1], weight("beta", 4), weight("gamma", 4), 1e-3
    )
    net = tf.layers.dense(tf.reduce_mean(tf.nn.relu(net), [1, 2]), 3, tf.nn.softmax, name="out")
    return Program(data, net, second=second)
