"""Operations as programs in the wild use them: attention, masks, gathers, odd shapes and sizes."""

import math

import numpy as np
import tensorflow as tf

from harness import EXAMPLES, Program, case, normal, random

slim = tf.contrib.slim


def weight(name, *shape):
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.4))


def rows(size=8):
    x = tf.placeholder(tf.float32, [None, size], name="x")
    return x, {x: normal(EXAMPLES, size)}


def images(size=8, channels=3):
    x = tf.placeholder(tf.float32, [None, size, size, channels], name="images")
    return x, {x: normal(EXAMPLES, size, size, channels)}


def tokens(length=7, vocabulary=20):
    ids = tf.placeholder(tf.int32, [None, length], name="tokens")
    return ids, {ids: random(3).randint(0, vocabulary, (EXAMPLES, length))}


@case
def gelu_both_forms():
    """gelu by tanh and by erf, as BERT and GPT-2 write them; mish by hand."""
    x, data = rows()
    net = tf.layers.dense(x, 12, name="a")
    inner = tf.tanh(math.sqrt(2 / math.pi) * (net + 0.044715 * tf.pow(net, 3)))
    net = net * (0.5 * (1.0 + inner))
    net = tf.layers.dense(net, 9, name="b")
    net = net * 0.5 * (1.0 + tf.erf(net / tf.sqrt(2.0)))
    net = tf.layers.dense(net, 9, name="c")
    net = net * tf.tanh(tf.nn.softplus(net))
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def crelu_and_prelu():
    """crelu, PReLU by maximum and minimum, PReLU over images, hard sigmoid by clipping."""
    x, data = images()
    net = tf.nn.crelu(tf.layers.conv2d(x, 4, 3, padding="same"))
    alpha = weight("alpha", 8)
    net = tf.maximum(0.0, net) + alpha * tf.minimum(0.0, net)
    net = tf.layers.conv2d(net, 5, 3)
    slopes = weight("slopes", 5)
    net = tf.nn.relu(net) + slopes * (net - tf.abs(net)) * 0.5
    net = tf.clip_by_value(0.2 * net + 0.5, 0.0, 1.0)
    return Program(data, tf.layers.dense(tf.layers.flatten(net), 3, name="out"))


@case
def transformer_block():
    """BERT's block: einsum-free attention with a mask from the tokens, gelu, contrib layer_norm."""
    ids, data = tokens()
    table = weight("word_embeddings", 20, 8)
    net = tf.nn.embedding_lookup(table, ids)
    net += weight("position_embeddings", 7, 8)
    net = tf.contrib.layers.layer_norm(net, begin_norm_axis=-1, begin_params_axis=-1)
    mask = tf.cast(tf.not_equal(ids, 0), tf.float32)
    bias = (1.0 - mask[:, tf.newaxis, tf.newaxis, :]) * -10000.0
    flat = tf.reshape(net, [-1, 8])

    def heads(name):
        part = tf.layers.dense(flat, 8, name=name)
        return tf.transpose(tf.reshape(part, [-1, 7, 2, 4]), [0, 2, 1, 3])

    scores = tf.matmul(heads("query"), heads("key"), transpose_b=True) / math.sqrt(4.0)
    context = tf.matmul(tf.nn.softmax(scores + bias), heads("value"))
    context = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, 8])
    net = tf.contrib.layers.layer_norm(tf.layers.dense(context, 8, name="projected") + flat)
    first = tf.squeeze(tf.reshape(net, [-1, 7, 8])[:, 0:1, :], axis=1)
    pooled = tf.layers.dense(first, 8, tf.tanh, name="pooler")
    return Program(data, tf.layers.dense(pooled, 2, name="classes"))


@case
def tied_output_embedding():
    """A language model whose output layer is the embedding table, transposed, plus a bias."""
    ids, data = tokens()
    table = weight("embedding", 20, 6)
    net = tf.nn.embedding_lookup(table, ids)
    net = tf.layers.conv1d(net, 6, 3, padding="same", activation=tf.nn.relu)
    net = tf.reshape(net, [-1, 6])
    logits = tf.matmul(net, table, transpose_b=True) + weight("output_bias", 20)
    return Program(data, tf.reshape(logits, [-1, 7, 20], name="logits"))


@case
def einsum_attention():
    """Attention by tf.einsum and tf.tensordot with batch dimensions."""
    x = tf.placeholder(tf.float32, [None, 5, 8], name="x")
    q = tf.einsum("bti,ihd->bthd", x, weight("q", 8, 2, 4))
    k = tf.einsum("bti,ihd->bthd", x, weight("k", 8, 2, 4))
    scores = tf.nn.softmax(tf.einsum("bthd,bshd->bhts", q, k) * 0.5)
    net = tf.einsum("bhts,bshd->bthd", scores, q)
    net = tf.tensordot(net, weight("o", 2, 4, 6), axes=[[2, 3], [0, 1]])
    return Program({x: normal(EXAMPLES, 5, 8)}, tf.reduce_mean(net, 1, name="pooled"))


@case
def last_relevant_by_gather():
    """The row of each example at its own index, by gather on flattened rows and by gather_nd."""
    x = tf.placeholder(tf.float32, [None, 6, 4], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    net = tf.layers.conv1d(x, 5, 2, padding="same", activation=tf.tanh)
    batch = tf.shape(net)[0]
    index = tf.range(0, batch) * 6 + (lengths - 1)
    by_rows = tf.gather(tf.reshape(net, [-1, 5]), index)
    by_pairs = tf.gather_nd(net, tf.stack([tf.range(batch), lengths - 1], axis=1))
    net = tf.concat([by_rows, by_pairs * 2.0], 1)
    data = {x: normal(EXAMPLES, 6, 4), lengths: random(5).randint(1, 7, EXAMPLES)}
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def masked_mean_by_lengths():
    """tf.sequence_mask with a fixed length, a masked mean, a masked softmax and a masked max."""
    ids, data = tokens()
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    data[lengths] = random(5).randint(1, 8, EXAMPLES)
    net = tf.layers.dense(tf.nn.embedding_lookup(weight("table", 20, 6), ids), 5, tf.tanh)
    mask = tf.sequence_mask(lengths, 7, dtype=tf.float32)
    mean = tf.reduce_sum(net * tf.expand_dims(mask, -1), 1) / tf.reduce_sum(mask, 1, keepdims=True)
    scores = tf.squeeze(tf.layers.dense(net, 1, use_bias=False), -1)
    scores = tf.where(tf.sequence_mask(lengths, 7), scores, tf.ones_like(scores) * -1e9)
    weighted = tf.reduce_sum(net * tf.nn.softmax(scores)[:, :, tf.newaxis], axis=1)
    largest = tf.reduce_max(net - 1e4 * (1.0 - mask[..., None]), axis=1)
    return Program(data, tf.layers.dense(tf.concat([mean, weighted, largest], 1), 3, name="out"))


@case
def batch_tiled_variable():
    """A learned query repeated for each example of the batch, tf.zeros and tf.fill of the batch."""
    x = tf.placeholder(tf.float32, [None, 5, 6], name="x")
    batch = tf.shape(x)[0]
    query = tf.tile(tf.expand_dims(weight("query", 1, 6), 0), [batch, 1, 1])
    scores = tf.matmul(query, x, transpose_b=True)
    context = tf.squeeze(tf.matmul(tf.nn.softmax(scores), x), [1])
    state = tf.zeros([batch, 4])
    ones = tf.fill([batch, 1], 0.5)
    net = tf.concat([context, state, ones], axis=1)
    start = tf.zeros([batch, 1, 6])
    shifted = tf.concat([start, x[:, :-1]], axis=1)
    net = tf.concat([net, tf.reduce_sum(shifted * x, axis=[1, 2], keepdims=False)[:, None]], 1)
    return Program({x: normal(EXAMPLES, 5, 6)}, tf.layers.dense(net, 3, name="out"))


@case
def mean_by_dynamic_length():
    """Sums divided by tf.shape, positions by tf.range of a length that is left open."""
    x = tf.placeholder(tf.float32, [None, None, 4], name="x")
    net = tf.layers.dense(x, 6, tf.nn.relu)
    length = tf.cast(tf.shape(net)[1], tf.float32)
    positions = tf.cast(tf.range(tf.shape(x)[1]), tf.float32) / length
    net = net * positions[tf.newaxis, :, tf.newaxis]
    pooled = tf.reduce_sum(net, axis=1) / length
    return Program({x: normal(EXAMPLES, 5, 4)}, tf.layers.dense(pooled, 3, name="out"))


@case
def slices_of_all_kinds():
    """Strided slices with every mask, negative steps, new axes; unstack, split by sizes."""
    x = tf.placeholder(tf.float32, [None, 6, 7, 3], name="x")
    a = x[:, ::-1, 1:-1:2]
    b = x[..., 1]
    c = x[:, -1, tf.newaxis, 2:5, :]
    d = tf.slice(x, [0, 1, 0, 2], [-1, 2, 3, 1])
    parts = [tf.layers.flatten(t) for t in (a, b, c, d)]
    first, second, third = tf.split(x, [1, 2, 3], axis=1)
    parts.append(tf.layers.flatten(second) * 0.5 + 1.0)
    parts.append(tf.layers.flatten(tf.add_n(tf.unstack(third, axis=2))))
    parts.append(tf.layers.flatten(tf.reverse(first, [1, 3])))
    net = tf.layers.dense(tf.concat(parts, axis=-1), 6, tf.nn.relu)
    return Program({x: normal(EXAMPLES, 6, 7, 3)}, tf.layers.dense(net, 2, name="out"))


@case
def top_k_and_argmax():
    """k largest, argmax embedded again, one-hot with values and axis, k-max pooling."""
    x = tf.placeholder(tf.float32, [None, 6, 8], name="x")
    net = tf.layers.dense(x, 8, tf.tanh)
    largest = tf.nn.top_k(tf.transpose(net, [0, 2, 1]), k=3).values
    best = tf.argmax(net, axis=2)
    embedded = tf.nn.embedding_lookup(weight("codes", 8, 4), best)
    hot = tf.one_hot(tf.argmax(net, 1, output_type=tf.int32), 6, 1.5, -0.5, axis=1)
    flat = [tf.layers.flatten(t) for t in (largest, embedded, hot)]
    return Program({x: normal(EXAMPLES, 6, 8)}, tf.layers.dense(tf.concat(flat, 1), 3, name="out"))


@case
def comparisons_and_selections():
    """where by rows and by elements, comparisons cast to numbers, logical operations, clipping."""
    x, data = rows(10)
    net = tf.layers.dense(x, 6)
    positive = tf.cast(tf.greater(net, 0.0), tf.float32)
    both = tf.logical_and(net > -0.5, tf.logical_not(tf.less_equal(0.5, net)))
    net = tf.where(both, net * 2.0, tf.zeros_like(net)) + positive
    rowwise = tf.where(tf.reduce_sum(x, 1) > 0, net, -net)
    close = tf.to_float(tf.abs(rowwise) < 0.7)
    net = tf.minimum(tf.maximum(rowwise, -1.0), 1.0) + tf.sign(net) * 0.1 * close
    net = tf.floor(net * 4) / 4 + tf.floormod(net, 0.3) + tf.squared_difference(net, 0.5)
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def group_norm_written_out():
    """Group normalization by reshaping, and weight standardization of the kernel before it."""
    x, data = images()
    kernel = weight("kernel", 3, 3, 3, 8)
    mean, variance = tf.nn.moments(kernel, [0, 1, 2], keep_dims=True)
    kernel = (kernel - mean) / tf.sqrt(variance + 1e-5)
    net = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME")
    grouped = tf.reshape(net, [-1, 8, 8, 4, 2])
    mean, variance = tf.nn.moments(grouped, [1, 2, 4], keep_dims=True)
    grouped = (grouped - mean) / tf.sqrt(variance + 1e-5)
    net = tf.reshape(grouped, [-1, 8, 8, 8]) * weight("gamma", 1, 1, 1, 8)
    net = tf.nn.relu(net + weight("beta", 1, 1, 1, 8))
    return Program(data, tf.layers.dense(tf.reduce_mean(net, [1, 2]), 3, name="out"))


@case
def local_response_and_maxout():
    """tf.nn.lrn with its defaults and others; maxout by reshape and tf.contrib."""
    x, data = images()
    net = tf.nn.lrn(tf.layers.conv2d(x, 8, 3, padding="same"))
    net = tf.nn.local_response_normalization(net, 2, bias=2.0, alpha=1e-3, beta=0.75)
    net = tf.contrib.layers.maxout(net, 4)
    net = tf.layers.flatten(tf.nn.avg_pool(net, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"))
    net = tf.layers.dense(net, 12)
    net = tf.reduce_max(tf.reshape(net, [-1, 4, 3]), axis=2)
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def odd_transposed_sizes():
    """conv2d_transpose to sizes that need cropping or more padding than Keras chooses."""
    x, data = images(5, 3)
    batch = tf.shape(x)[0]
    net = tf.nn.conv2d_transpose(x, weight("w1", 3, 3, 6, 3), [batch, 9, 9, 6], [1, 2, 2, 1])
    net = tf.nn.relu(tf.nn.bias_add(net, weight("b1", 6)))
    net = tf.nn.conv2d_transpose(
        net, weight("w2", 4, 4, 5, 6), [batch, 20, 20, 5], [1, 2, 2, 1], padding="VALID"
    )
    net = tf.nn.relu(net + weight("b2", 5))
    net = tf.nn.conv2d_transpose(
        net, weight("w3", 3, 3, 2, 5), [batch, 42, 42, 2], [1, 2, 2, 1], padding="VALID"
    )
    return Program(data, tf.tanh(net, name="pictures"))


@case
def convolution_kinds():
    """Depthwise with a multiplier and dilation, separable 1-D, atrous, grouped by splitting."""
    x, data = images(9, 4)
    net = tf.nn.depthwise_conv2d(x, weight("depthwise", 3, 3, 4, 2), [1, 1, 1, 1], "SAME")
    net = tf.nn.relu(net + weight("bias", 8))
    net = tf.nn.depthwise_conv2d(net, weight("spread", 3, 3, 8, 1), [1, 1, 1, 1], "SAME", [2, 2])
    net = tf.nn.atrous_conv2d(net, weight("atrous", 3, 3, 8, 6), rate=2, padding="VALID")
    left, right = tf.split(net, 2, axis=3)
    left = tf.nn.conv2d(left, weight("left", 3, 3, 3, 2), [1, 1, 1, 1], "VALID")
    right = tf.nn.conv2d(right, weight("right", 3, 3, 3, 2), [1, 1, 1, 1], "VALID")
    net = tf.concat([left, right], axis=3)
    net = tf.squeeze(tf.reduce_mean(net, 1, keepdims=True), 1)
    net = tf.layers.separable_conv1d(net, 5, 2, padding="same", depth_multiplier=2)
    return Program(data, tf.layers.dense(tf.layers.flatten(net), 3, name="out"))


@case
def pooling_one_and_three_dimensions():
    """Pooling of sequences and volumes, convolution in three dimensions, transposed too."""
    x = tf.placeholder(tf.float32, [None, 4, 6, 6, 2], name="volumes")
    net = tf.layers.conv3d(x, 4, 3, padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling3d(net, 2, 2)
    net = tf.layers.conv3d_transpose(net, 3, 2, 2, padding="same")
    net = tf.layers.average_pooling3d(net, (4, 2, 2), (4, 2, 2))
    net = tf.squeeze(net, axis=1)
    net = tf.reshape(net, [-1, 9, 3])
    net = tf.layers.max_pooling1d(net, 3, 2, padding="same")
    net = tf.layers.average_pooling1d(net, 2, 1)
    return Program({x: normal(EXAMPLES, 4, 6, 6, 2)}, tf.layers.dense(tf.layers.flatten(net), 3))


@case
def spatial_dropout_and_noise():
    """Dropout with a noise shape, gaussian noise in training alone, dropout of the input."""
    x, data = images()
    training = tf.placeholder_with_default(False, [], name="training")
    net = tf.layers.dropout(x, 0.1, training=training)
    net = tf.layers.conv2d(net, 6, 3, activation=tf.nn.relu)
    net = tf.layers.dropout(net, 0.4, [EXAMPLES, 1, 1, 6], training=training)
    noise = tf.random_normal(tf.shape(net), stddev=0.1)
    net = tf.cond(training, lambda: net + noise, lambda: net)
    keep = tf.placeholder(tf.float32, name="keep_prob")
    net = tf.nn.dropout(net, keep, noise_shape=[EXAMPLES, 1, 1, 6])
    net = tf.layers.dense(tf.layers.flatten(net), 3, name="out")
    return Program(data, net, feed={keep: 1.0})


@case
def fixed_batch_of_sixteen():
    """A program for one batch size: placeholders and reshapes that name it."""
    x = tf.placeholder(tf.float32, [EXAMPLES, 6, 4], name="x")
    net = tf.reshape(x, [EXAMPLES * 6, 4])
    net = tf.nn.relu(tf.matmul(net, weight("w", 4, 5)) + weight("b", 5))
    net = tf.reshape(net, [EXAMPLES, 30])
    return Program({x: normal(EXAMPLES, 6, 4)}, tf.layers.dense(net, 3, name="out"))


@case
def unknown_batch_reshapes():
    """Shapes computed by tf.shape, tf.concat, tf.stack and -1 throughout a spatial network."""
    x = tf.placeholder(tf.float32, [None, None, None, 3], name="images")
    net = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu)
    shape = tf.shape(net)
    net = tf.reshape(net, tf.stack([shape[0], shape[1] * shape[2], 4]))
    net = tf.layers.dense(net, 5, tf.tanh)
    scores = tf.nn.softmax(tf.layers.dense(net, 1), axis=1)
    pooled = tf.reduce_sum(net * scores, axis=1)
    pooled = tf.reshape(pooled, tf.concat([tf.shape(pooled)[:1], [1, 5]], 0))
    out = tf.layers.dense(pooled, 3, name="out")
    return Program({x: normal(EXAMPLES, 5, 6, 3)}, tf.squeeze(out, [1], name="logits"))


@case
def mixture_density():
    """A mixture density network: three heads of one vector, exp, softmax over parts, stacked."""
    x, data = rows(1)
    net = tf.layers.dense(x, 12, tf.nn.tanh)
    out = tf.matmul(net, weight("wo", 12, 9)) + weight("bo", 9)
    pi, sigma, mu = tf.split(out, num_or_size_splits=3, axis=1)
    pi = tf.exp(pi - tf.reduce_max(pi, 1, keepdims=True))
    pi = tf.multiply(tf.reciprocal(tf.reduce_sum(pi, 1, keepdims=True)), pi)
    return Program(data, [pi, tf.exp(sigma, name="sigma"), tf.identity(mu, name="mu")])


@case
def dueling_q_network():
    """Value and advantage joined by a mean, as dueling DQN has it, over stacked uint8 frames."""
    frames = tf.placeholder(tf.uint8, [None, 12, 12, 4], name="frames")
    net = tf.cast(frames, tf.float32) / 255.0
    net = slim.conv2d(net, 6, 4, 2, padding="VALID", scope="conv1")
    net = slim.flatten(slim.conv2d(net, 6, 3, 1, padding="VALID", scope="conv2"))
    value = slim.fully_connected(net, 1, activation_fn=None, scope="value")
    advantage = slim.fully_connected(net, 4, activation_fn=None, scope="advantage")
    q = value + tf.subtract(advantage, tf.reduce_mean(advantage, axis=1, keepdims=True))
    data = {frames: random(2).randint(0, 256, (EXAMPLES, 12, 12, 4))}
    return Program(data, tf.identity(q, name="q_values"))


@case
def factorization_machine():
    """A factorization machine: squares of sums less sums of squares, over looked-up rows."""
    ids, data = tokens(5, 30)
    values = tf.placeholder(tf.float32, [None, 5], name="values")
    data[values] = np.abs(normal(EXAMPLES, 5))
    factors = tf.nn.embedding_lookup(weight("factors", 30, 4), ids)
    factors = tf.multiply(factors, tf.reshape(values, [-1, 5, 1]))
    first = tf.nn.embedding_lookup(weight("first_order", 30, 1), ids)
    first = tf.reduce_sum(tf.multiply(first, tf.reshape(values, [-1, 5, 1])), 2)
    summed = tf.square(tf.reduce_sum(factors, 1))
    squared = tf.reduce_sum(tf.square(factors), 1)
    second = 0.5 * tf.subtract(summed, squared)
    net = tf.concat([first, second, tf.reshape(factors, [-1, 20])], axis=1)
    net = tf.nn.relu(tf.add(tf.matmul(net, weight("w", 29, 6)), weight("b", 6)))
    out = tf.add(tf.matmul(net, weight("projection", 6, 1)), tf.Variable(0.1, name="offset"))
    return Program(data, tf.nn.sigmoid(out, name="click"))


@case
def pixel_shuffle_upscaling():
    """Super resolution: depth_to_space, a skip by bilinear resizing, values back to pixels."""
    x, data = images(6, 3)
    net = tf.layers.conv2d(x, 12, 3, padding="same", activation=tf.nn.relu)
    net = tf.depth_to_space(tf.layers.conv2d(net, 12, 3, padding="same"), 2)
    base = tf.image.resize_bilinear(x, [12, 12], align_corners=True)
    down = tf.space_to_depth(net + base, 2)
    up = tf.image.resize_bicubic(tf.layers.conv2d(down, 3, 1), [9, 9])
    return Program(data, tf.clip_by_value(up * 127.5 + 127.5, 0.0, 255.0, name="pixels"))


@case
def style_transfer_transform():
    """Reflection padding, instance normalization, resize-convolution, scaled tanh."""
    x, data = images(8, 3)

    def norm(net, name):
        mean, variance = tf.nn.moments(net, [1, 2], keep_dims=True)
        shift, scale = weight(name + "_shift", 4), weight(name + "_scale", 4)
        return scale * ((net - mean) / (variance + 1e-3) ** 0.5) + shift

    net = tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="REFLECT")
    net = tf.nn.relu(norm(tf.nn.conv2d(net, weight("w1", 3, 3, 3, 4), [1, 2, 2, 1], "SAME"), "a"))
    net = tf.image.resize_images(net, [12, 12], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    net = tf.nn.relu(norm(tf.nn.conv2d(net, weight("w2", 3, 3, 4, 4), [1, 1, 1, 1], "SAME"), "b"))
    net = tf.nn.conv2d(net, weight("w3", 3, 3, 4, 3), strides=[1, 1, 1, 1], padding="SAME")
    return Program(data, tf.add(tf.nn.tanh(net) * 150, 255.0 / 2, name="styled"))


@case
def ctr_with_cross_layers():
    """Deep & Cross: x0 * (x w) + b + x by matmul and by tensordot, joined with a deep part."""
    x0, data = rows(6)
    net = x0
    for layer in range(2):
        w, b = weight(f"cross_w{layer}", 6, 1), weight(f"cross_b{layer}", 6)
        net = x0 * tf.matmul(net, w) + b + net
    x = tf.expand_dims(x0, 2)
    w = weight("cross_w2", 6)
    dotted = tf.tensordot(tf.reshape(net, [-1, 1, 6]), w, axes=1)
    net = tf.squeeze(x * tf.expand_dims(dotted, 1), 2) + net
    deep = tf.layers.dense(tf.layers.dense(x0, 8, tf.nn.relu), 4, tf.nn.relu)
    return Program(data, tf.layers.dense(tf.concat([net, deep], 1), 1, tf.sigmoid, name="ctr"))


@case
def distances_to_prototypes():
    """Squared distances to learned prototypes by broadcasting, a kernel layer, cosine scores."""
    x, data = rows(6)
    net = tf.layers.dense(x, 5)
    prototypes = weight("prototypes", 4, 5)
    apart = tf.expand_dims(net, 1) - tf.expand_dims(prototypes, 0)
    distances = tf.reduce_sum(tf.square(apart), axis=-1)
    kernel = tf.exp(-distances / 2.0)
    direction = tf.nn.l2_normalize(net, 1)
    cosine = tf.matmul(direction, tf.nn.l2_normalize(prototypes, 1), transpose_b=True)
    return Program(data, tf.concat([kernel, cosine], axis=1, name="scores"))


@case
def bilinear_and_outer_products():
    """Outer products, a bilinear form, batch matmul of two inputs, trace-like sums."""
    left = tf.placeholder(tf.float32, [None, 4], name="left")
    right = tf.placeholder(tf.float32, [None, 5], name="right")
    outer = tf.matmul(tf.expand_dims(left, 2), tf.expand_dims(right, 1))
    form = tf.reduce_sum(tf.matmul(left, weight("form", 4, 5)) * right, 1, keep_dims=True)
    net = tf.concat([tf.layers.flatten(outer), form], 1)
    data = {left: normal(EXAMPLES, 4), right: normal(EXAMPLES, 5, salt=1)}
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def running_sums_and_segments():
    """cumsum exclusive and reversed, cumprod, segment sums of fixed segments, logsumexp."""
    x, data = rows(6)
    net = tf.layers.dense(x, 6)
    parts = [
        tf.cumsum(net, axis=1, exclusive=True),
        tf.cumsum(net, axis=1, reverse=True),
        tf.cumprod(tf.sigmoid(net), axis=1),
        tf.reduce_logsumexp(net, 1, keepdims=True),
        tf.log(tf.reduce_sum(tf.exp(net), 1, keepdims=True)),
    ]
    return Program(data, tf.layers.dense(tf.concat(parts, 1), 3, name="out"))


@case
def unet_of_any_size():
    """Images of any size: upsampled to tf.shape's sizes, cropped to each other and joined."""
    x = tf.placeholder(tf.float32, [None, None, None, 1], name="images")
    sizes = tf.shape(x)
    net = tf.reshape(x, tf.stack([-1, sizes[1], sizes[2], 1]))
    wide = tf.layers.conv2d(net, 4, 3, activation=tf.nn.relu)
    deep = tf.layers.conv2d(tf.layers.max_pooling2d(wide, 2, 2), 6, 3, activation=tf.nn.relu)
    sizes = tf.shape(deep)
    target = tf.stack([sizes[0], sizes[1] * 2, sizes[2] * 2, sizes[3] // 2])
    up = tf.nn.conv2d_transpose(deep, weight("up", 2, 2, 3, 6), target, [1, 2, 2, 1], "VALID")
    up = tf.nn.relu(up + weight("up_bias", 3))
    large, small = tf.shape(wide), tf.shape(up)
    begin = [0, (large[1] - small[1]) // 2, (large[2] - small[2]) // 2, 0]
    net = tf.concat([tf.slice(wide, begin, [-1, small[1], small[2], -1]), up], 3)
    out = tf.nn.conv2d(net, weight("last", 1, 1, 7, 2), [1, 1, 1, 1], "VALID", name="out")
    return Program({x: normal(EXAMPLES, 14, 16, 1)}, out)


@case
def masks_and_positions_of_any_length():
    """Tokens of any length: padding's row is 0, positions, masks tiled by tf.shape, a triangle."""
    ids = tf.placeholder(tf.int32, [None, None], name="tokens")
    table = tf.concat([tf.zeros([1, 6]), weight("table", 20, 6)[1:, :]], 0)
    net = tf.nn.embedding_lookup(table, ids)
    places = tf.tile(tf.expand_dims(tf.range(tf.shape(ids)[1]), 0), [tf.shape(ids)[0], 1])
    net += tf.nn.embedding_lookup(weight("places", 9, 6), places)
    heads = tf.concat(tf.split(tf.layers.dense(net, 6), 2, axis=2), 0)
    scores = tf.matmul(heads, heads, transpose_b=True)
    mask = tf.tile(tf.expand_dims(tf.to_float(ids > 0), 1), [2, tf.shape(ids)[1], 1])
    mask *= tf.matrix_band_part(tf.ones_like(scores), -1, 0)
    scores = tf.where(tf.equal(mask, 0), tf.ones_like(scores) * -1e9, scores)
    net = tf.concat(tf.split(tf.matmul(tf.nn.softmax(scores), heads), 2, axis=0), 2)
    parts = tf.reshape(net, [tf.shape(net)[0], tf.shape(net)[1], 3, 2])
    net = tf.reshape(tf.transpose(parts, [0, 1, 3, 2]), tf.shape(net))
    data = {ids: random(3).randint(0, 20, (EXAMPLES, 7))}
    return Program(data, tf.layers.dense(net, 3, name="out"))


@case
def spatial_transformer():
    """Images sampled on a grid that a network turns: gather_nd of batch, row and column."""
    x, data = images(6, 2)
    theta = tf.reshape(tf.layers.dense(tf.layers.flatten(x), 6, tf.tanh), [-1, 2, 3])
    across, down = tf.meshgrid(tf.linspace(-1.0, 1.0, 6), tf.linspace(-1.0, 1.0, 6))
    across, down = tf.reshape(across, [-1]), tf.reshape(down, [-1])
    grid = tf.expand_dims(tf.stack([across, down, tf.ones_like(across)]), 0)
    count = tf.shape(theta)[0]
    places = tf.reshape(tf.matmul(theta, tf.tile(grid, [count, 1, 1])), [count, 2, 6, 6])
    last = tf.shape(x)[1] - 1
    column, row = (
        tf.clip_by_value(tf.to_int32(tf.floor((places[:, at] + 1) * 2.5)), 0, last) for at in (0, 1)
    )
    sizes = tf.shape(column)
    example = tf.reshape(tf.range(0, sizes[0]), (sizes[0], 1, 1))
    example = tf.tile(example, (1, sizes[1], sizes[2]))
    net = tf.gather_nd(x, tf.stack([example, row, column], 3))
    return Program(data, tf.layers.dense(tf.layers.flatten(net), 3, name="out"))
