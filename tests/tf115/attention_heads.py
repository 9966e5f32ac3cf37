"""Attention of several heads as programs compose it: reshapes, einsum, masks, splits, dropout."""

import numpy as np
import tensorflow as tf

from harness import Program, case, normal, random

WIDTH, HEADS = 12, 3


def sequences(length=None):
    x = tf.placeholder(tf.float32, [None, length, WIDTH], name="x")
    return x, {x: normal(3, length or 5, WIDTH)}, {x: normal(4, length or 7, WIDTH, salt=1)}


def sizes(x):
    """As get_shape_list of BERT: numbers where they are known."""
    dynamic = tf.shape(x)
    return [dynamic[i] if n is None else n for i, n in enumerate(x.shape.as_list())]


def split_heads(x):
    batch, length, width = sizes(x)
    return tf.transpose(tf.reshape(x, [batch, length, HEADS, width // HEADS]), [0, 2, 1, 3])


def join_heads(x):
    x = tf.transpose(x, [0, 2, 1, 3])
    batch, length, heads, size = sizes(x)
    return tf.reshape(x, [batch, length, heads * size])


def projected(x, *names):
    return [tf.layers.dense(x, WIDTH, name=name) for name in names]


@case
def heads_by_reshape():
    """Self-attention of the scaled query, and attention to another sequence with a bias."""
    x, data, second = sequences()
    memory = tf.placeholder(tf.float32, [None, None, WIDTH], name="memory")
    mask = tf.placeholder(tf.float32, [None, None], name="mask")
    data.update({memory: normal(3, 4, WIDTH, salt=2), mask: np.eye(4)[:3] * 0 + (np.arange(4) < 3)})
    second.update({memory: normal(4, 6, WIDTH, salt=3), mask: np.ones((4, 6)) * (np.arange(6) < 4)})
    with tf.variable_scope("own"):
        query, key, value = map(split_heads, projected(x, "query", "key", "value"))
        query *= (WIDTH // HEADS) ** -0.5
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True))
        net = x + tf.layers.dense(join_heads(tf.matmul(weights, value)), WIDTH, name="output")
    with tf.variable_scope("other"):
        query = split_heads(tf.layers.dense(net, WIDTH, name="query"))
        key, value = map(split_heads, projected(memory, "key", "value"))
        scores = tf.matmul(query, key, transpose_b=True) / np.sqrt(WIDTH // HEADS)
        scores += (1.0 - mask[:, None, None, :]) * -1e9
        net += tf.layers.dense(join_heads(tf.matmul(tf.nn.softmax(scores), value)), WIDTH, name="o")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def heads_by_einsum():
    """Kernels of three axes with biases; scores of the transposed product; heads last."""
    x, data, second = sequences()
    size = WIDTH // HEADS

    def weight(name, *shape):
        return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.4))

    parts = [
        tf.einsum("BFH,HND->BFND", x, weight(f"{name}/kernel", WIDTH, HEADS, size))
        + weight(f"{name}/bias", HEADS, size)
        for name in ("query", "key", "value")
    ]
    scores = tf.einsum("BTNH,BFNH->BNFT", parts[1], parts[0]) * (1.0 / np.sqrt(size))
    mixed = tf.einsum("BNFT,BTNH->BFNH", tf.nn.softmax(scores), parts[2])
    net = x + tf.einsum("BFNH,NHD->BFD", mixed, weight("output/kernel", HEADS, size, WIDTH))
    # The same with the axes in another order.
    parts = [
        tf.einsum("btd,dhe->bhte", net, weight(f"{name}2/kernel", WIDTH, HEADS, size))
        for name in ("query", "key", "value")
    ]
    weights = tf.nn.softmax(tf.einsum("bhte,bhse->bhts", parts[0], parts[1]) * 0.3)
    mixed = tf.einsum("bhts,bhse->bhte", weights, parts[2])
    net += tf.einsum("bhte,hed->btd", mixed, weight("output2/kernel", HEADS, size, WIDTH))
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def heads_causal():
    """Causal masks: of GPT-2, and by matrix_band_part."""
    x, data, second = sequences()

    def block(net, causal, scope):
        with tf.variable_scope(scope):
            joint = tf.layers.dense(net, 3 * WIDTH, name="c_attn")
            query, key, value = map(split_heads, tf.split(joint, 3, axis=2))
            scores = tf.matmul(query, key, transpose_b=True) * tf.rsqrt(float(WIDTH // HEADS))
            rows, columns = sizes(scores)[2:]
            mask = tf.reshape(causal(rows, columns), [1, 1, rows, columns])
            scores = scores * mask - 1e10 * (1 - mask)
            mixed = join_heads(tf.matmul(tf.nn.softmax(scores), value))
            return net + tf.layers.dense(mixed, WIDTH, name="c_proj")

    def by_positions(rows, columns):
        i, j = tf.range(rows)[:, None], tf.range(columns)
        return tf.cast(i >= j - columns + rows, tf.float32)

    net = block(x, by_positions, "h0")
    net = block(net, lambda n, m: tf.matrix_band_part(tf.ones([n, m]), -1, 0), "h1")
    return Program(data, tf.identity(net, name="out"), second=second)


@case
def heads_with_dropout():
    """Attention trained with dropout of its weights."""
    x, data, second = sequences(6)
    training = tf.placeholder_with_default(False, [], name="training")
    query, key, value = map(split_heads, projected(x, "query", "key", "value"))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.5)
    weights = tf.layers.dropout(weights, 0.1, training=training)
    net = tf.layers.dense(join_heads(tf.matmul(weights, value)), WIDTH, name="output")
    net = tf.layers.dropout(net, 0.1, training=training)
    return Program(data, tf.identity(net, name="out"), feed={training: False}, second=second)


@case
def heads_in_rows():
    """BERT: batch and length are one axis between the reshapes, of embeddings too."""
    ids = tf.placeholder(tf.int32, [None, None], name="input_ids")
    segments = tf.placeholder(tf.int32, [None, None], name="segment_ids")
    batch, length = sizes(ids)
    table = tf.get_variable("word_embeddings", [20, WIDTH])
    net = tf.reshape(tf.gather(table, tf.reshape(ids, [-1])), [batch, length, WIDTH])
    kinds = tf.one_hot(tf.reshape(segments, [-1]), depth=2)
    kinds = tf.matmul(kinds, tf.get_variable("token_type_embeddings", [2, WIDTH]))
    net += tf.reshape(kinds, [batch, length, WIDTH])
    places = tf.get_variable("position_embeddings", [16, WIDTH])
    places = tf.slice(places, [0, 0], [length, -1])
    net += tf.reshape(places, [1, length, WIDTH])
    rows = tf.reshape(net, [-1, WIDTH])
    for layer in range(2):
        with tf.variable_scope(f"layer_{layer}"):
            parts = projected(rows, "query", "key", "value")
            parts = [tf.reshape(part, [batch, length, WIDTH]) for part in parts]
            query, key, value = map(split_heads, parts)
            weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.5)
            mixed = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
            mixed = tf.reshape(mixed, [batch * length, WIDTH])
            rows = tf.contrib.layers.layer_norm(
                rows + tf.layers.dense(mixed, WIDTH, name="output"), begin_norm_axis=-1
            )
            inner = tf.layers.dense(rows, 2 * WIDTH, tf.tanh, name="intermediate")
            rows += tf.layers.dense(inner, WIDTH, name="dense")
    net = tf.reshape(rows, [batch, length, WIDTH])
    outputs = [tf.identity(net, name="sequence"), tf.layers.dense(net[:, 0], 3, name="pooled")]
    data = {ids: random(1).randint(0, 20, (3, 5)), segments: random(2).randint(0, 2, (3, 5))}
    second = {ids: random(3).randint(0, 20, (2, 8)), segments: random(4).randint(0, 2, (2, 8))}
    return Program(data, outputs, second=second)


@case
def heads_not_attention():
    """What only looks like it: heads of different sizes exchanged, a softmax that is an output."""
    x, data, second = sequences(6)
    query, key, value = map(split_heads, projected(x, "query", "key", "value"))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True))
    net = tf.layers.dense(join_heads(tf.matmul(weights, value)), WIDTH, name="output")
    net = tf.reshape(net, [-1, 6, 4, 3])  # axes 1 and 2 are exchanged: no heads
    other = tf.nn.softmax(tf.matmul(net, net, transpose_b=True))
    net = tf.reshape(tf.matmul(other, net), [-1, 6, WIDTH])
    return Program(data, [tf.identity(net, "out"), tf.identity(weights, "weights")], second=second)
