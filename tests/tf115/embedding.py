"""Tokens and attention: lookups, one-hot products, text networks, scaled dot products."""

import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal, one_hot, random


def ids(high, *shape, **options):
    return random(options.get("salt", 1)).randint(0, high, shape).astype("int32")


@case
def two_inputs_wide_deep():
    """Wide and deep by hand: one-hot times W beside embedding and dense; two placeholders."""
    category = tf.placeholder(tf.int32, [None, 3], name="categories")
    numbers = tf.placeholder(tf.float32, [None, 5], name="numbers")
    with tf.variable_scope("wide"):
        crossed = tf.reshape(tf.one_hot(category, 12), [-1, 36])
        wide = tf.matmul(crossed, tf.get_variable("w", [36, 1]))
    with tf.variable_scope("deep"):
        table = tf.get_variable("embeddings", [12, 4])
        embedded = tf.reshape(tf.nn.embedding_lookup(table, category), [-1, 12])
        net = tf.concat([embedded, numbers], axis=1)
        net = tf.layers.dense(net, 10, activation=tf.nn.relu)
        deep = tf.layers.dense(net, 1)
    bias = tf.get_variable("bias", [1], initializer=tf.zeros_initializer())
    logits = tf.nn.bias_add(wide + deep, bias, name="logits")
    labels = tf.placeholder(tf.float32, [None, 1], name="labels")
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    deep_variables = tf.trainable_variables("deep")
    wide_variables = [v for v in tf.trainable_variables() if v not in deep_variables]
    train = tf.group(
        tf.train.FtrlOptimizer(0.1).minimize(loss, var_list=wide_variables),
        tf.train.AdagradOptimizer(0.05).minimize(loss, var_list=deep_variables),
    )
    data = {category: ids(12, EXAMPLES, 3), numbers: normal(EXAMPLES, 5)}
    return Program(data, logits, train=(train, {**data, labels: one_hot(2)[:, :1]}))


@case
def matrix_factorization():
    """User and item embeddings with biases, dot product, global mean, l2 on the embeddings."""
    user = tf.placeholder(tf.int32, [None], name="user_id")
    item = tf.placeholder(tf.int32, [None], name="item_id")
    rating = tf.placeholder(tf.float32, [None], name="rating")
    users = tf.get_variable("embd_user", [15, 5], initializer=tf.truncated_normal_initializer())
    items = tf.get_variable("embd_item", [12, 5], initializer=tf.truncated_normal_initializer())
    bias_user = tf.get_variable("bias_user", [15])
    bias_item = tf.get_variable("bias_item", [12])
    bias = tf.get_variable("bias_global", [], initializer=tf.constant_initializer(3.5))
    p = tf.nn.embedding_lookup(users, user, name="embedding_user")
    q = tf.nn.embedding_lookup(items, item, name="embedding_item")
    infer = tf.reduce_sum(tf.multiply(p, q), 1)
    infer = tf.add(infer, bias)
    infer = tf.add(infer, tf.nn.embedding_lookup(bias_user, user))
    infer = tf.add(infer, tf.nn.embedding_lookup(bias_item, item), name="svd_inference")
    penalty = 0.05 * (tf.nn.l2_loss(p) + tf.nn.l2_loss(q))
    train = tf.train.FtrlOptimizer(0.1).minimize(tf.nn.l2_loss(infer - rating) + penalty)
    data = {user: ids(15, EXAMPLES), item: ids(12, EXAMPLES, salt=2)}
    return Program(data, infer, train=(train, {**data, rating: 3 + normal(EXAMPLES)}))


@case
def text_cnn_kim():
    """Kim's text CNN: expand_dims, three filter widths, max over time, concat, scores."""
    input_x = tf.placeholder(tf.int32, [None, 12], name="input_x")
    input_y = tf.placeholder(tf.float32, [None, 2], name="input_y")
    keep = tf.placeholder(tf.float32, name="dropout_keep_prob")
    l2_loss = tf.constant(0.0)
    with tf.device("/cpu:0"), tf.name_scope("embedding"):
        table = tf.Variable(tf.random_uniform([30, 6], -1.0, 1.0), name="W")
        embedded = tf.nn.embedding_lookup(table, input_x)
        embedded = tf.expand_dims(embedded, -1)
    pooled = []
    for size in (3, 4, 5):
        with tf.name_scope(f"conv-maxpool-{size}"):
            w = tf.Variable(tf.truncated_normal([size, 6, 1, 4], stddev=0.1), name="W")
            b = tf.Variable(tf.constant(0.1, shape=[4]), name="b")
            conv = tf.nn.conv2d(embedded, w, [1, 1, 1, 1], padding="VALID", name="conv")
            h = tf.nn.relu(tf.nn.bias_add(conv, b), name="relu")
            ksize = [1, 12 - size + 1, 1, 1]
            pooled.append(tf.nn.max_pool(h, ksize, [1, 1, 1, 1], "VALID", name="pool"))
    flat = tf.reshape(tf.concat(pooled, 3), [-1, 12])
    with tf.name_scope("dropout"):
        flat = tf.nn.dropout(flat, keep)
    with tf.name_scope("output"):
        w = tf.get_variable("W", [12, 2], initializer=tf.contrib.layers.xavier_initializer())
        b = tf.Variable(tf.constant(0.1, shape=[2]), name="b")
        l2_loss += tf.nn.l2_loss(w) + tf.nn.l2_loss(b)
        scores = tf.nn.xw_plus_b(flat, w, b, name="scores")
        tf.argmax(scores, 1, name="predictions")
    losses = tf.nn.softmax_cross_entropy_with_logits(logits=scores, labels=input_y)
    loss = tf.reduce_mean(losses) + 0.1 * l2_loss
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    data = {input_x: ids(30, EXAMPLES, 12)}
    feeds = {**data, input_y: one_hot(2), keep: 0.5}
    return Program(data, scores, feed={keep: 1.0}, train=(train, feeds))


@case
def word2vec_nce():
    """Skip-gram with NCE loss; the output is the looked-up embedding."""
    inputs = tf.placeholder(tf.int32, shape=[None], name="train_inputs")
    labels = tf.placeholder(tf.int32, shape=[None, 1], name="train_labels")
    embeddings = tf.Variable(tf.random_uniform([25, 6], -1.0, 1.0), name="embeddings")
    embed = tf.nn.embedding_lookup(embeddings, inputs, name="embed")
    nce_weights = tf.Variable(tf.truncated_normal([25, 6], stddev=0.4), name="nce_weights")
    nce_biases = tf.Variable(tf.zeros([25]), name="nce_biases")
    loss = tf.reduce_mean(tf.nn.nce_loss(nce_weights, nce_biases, labels, embed, 5, 25))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
    tf.divide(embeddings, norm, name="normalized")
    data = {inputs: ids(25, EXAMPLES)}
    feeds = {**data, labels: ids(25, EXAMPLES, 1, salt=3)}
    return Program(data, embed, train=(train, feeds))


@case
def embedding_bag_mean():
    """Averaged embeddings of padded ids with a mask by tf.sign and lengths; fastText-like."""
    tokens = tf.placeholder(tf.int32, [None, 9], name="tokens")
    table = tf.get_variable("embedding", [20, 7])
    mask = tf.cast(tf.sign(tokens), tf.float32)
    embedded = tf.nn.embedding_lookup(table, tokens) * tf.expand_dims(mask, 2)
    lengths = tf.reduce_sum(mask, 1, keepdims=True)
    mean = tf.reduce_sum(embedded, 1) / tf.maximum(lengths, 1.0)
    out = tf.layers.dense(mean, 3, name="logits")
    values = ids(20, EXAMPLES, 9)
    values[:, 6:] *= values[:, 6:] % 2
    train = endings.fed(endings.scoped(out, 3), {tokens: values})
    return Program({tokens: values}, out, train=train)


@case
def partitioned_axis_size():
    """variable_axis_size_partitioner over an embedding and a dense kernel; partitioned lookup."""
    tokens = tf.placeholder(tf.int32, [None, 4], name="tokens")
    partitioner = tf.variable_axis_size_partitioner(max_shard_bytes=4 * 6 * 10)
    with tf.variable_scope("model", partitioner=partitioner):
        table = tf.get_variable("table", [30, 6])
        net = tf.nn.embedding_lookup(table, tokens, partition_strategy="div")
        net = tf.reshape(net, [-1, 24])
        net = tf.layers.dense(net, 11, tf.nn.relu, name="hidden")
        out = tf.layers.dense(net, 3, name="out")
    data = {tokens: ids(30, EXAMPLES, 4)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def one_hot_matmul():
    """tf.one_hot @ W, tf.gather of a table, positions by tf.range, all added."""
    tokens = tf.placeholder(tf.int32, [None, 6], name="tokens")
    w = tf.get_variable("w", [15, 8])
    one = tf.reshape(tf.matmul(tf.reshape(tf.one_hot(tokens, 15), [-1, 15]), w), [-1, 6, 8])
    positions = tf.gather(tf.get_variable("positions", [10, 8]), tf.range(6))
    segments = tf.gather(tf.get_variable("segments", [2, 8]), tokens % 2)
    net = tf.tanh(one + positions + segments)
    out = tf.layers.dense(tf.reshape(net, [-1, 48]), 4, name="out")
    data = {tokens: ids(15, EXAMPLES, 6)}
    return Program(data, out, train=endings.fed(endings.scoped(out, 4), data))


@case
def attention_single_head():
    """Scaled dot-product self-attention by ops, causal mask, last step."""
    x = tf.placeholder(tf.float32, [None, 6, 8], name="x")
    q = tf.layers.dense(x, 8, use_bias=False, name="query")
    k = tf.layers.dense(x, 8, use_bias=False, name="key")
    v = tf.layers.dense(x, 8, name="value")
    scores = tf.matmul(q, k, transpose_b=True) / tf.sqrt(tf.cast(8, tf.float32))
    lower = tf.matrix_band_part(tf.ones([6, 6]), -1, 0)
    scores += (1.0 - lower) * -1e9
    context = tf.matmul(tf.nn.softmax(scores, name="attention"), v)
    out = tf.layers.dense(context[:, -1], 3, name="out")
    data = {x: normal(EXAMPLES, 6, 8)}
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def attention_multi_head():
    """A transformer block: heads by reshape and transpose, residuals, layer norm, feed-forward."""
    x = tf.placeholder(tf.float32, [None, 5, 8], name="x")
    heads, depth = 2, 4

    def split(net):
        return tf.transpose(tf.reshape(net, [tf.shape(net)[0], 5, heads, depth]), [0, 2, 1, 3])

    with tf.variable_scope("block/attention"):
        q, k, v = (split(tf.layers.dense(x, 8, name=n)) for n in ("q", "k", "v"))
        weights = tf.nn.softmax(tf.matmul(q * depth**-0.5, k, transpose_b=True))
        net = tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3])
        net = tf.layers.dense(tf.reshape(net, [-1, 5, 8]), 8, name="o")
    net = tf.contrib.layers.layer_norm(net + x, begin_norm_axis=-1, scope="block/ln1")
    inner = tf.layers.dense(net, 16, tf.nn.relu, name="block/ffn1")
    inner = tf.layers.dense(inner, 8, name="block/ffn2")
    out = tf.contrib.layers.layer_norm(net + inner, begin_norm_axis=-1, scope="block/ln2")
    return Program({x: normal(EXAMPLES, 5, 8)}, tf.identity(out, name="encoded"))


@case
def attention_heads_concat():
    """The split-and-concatenate idiom: heads along the batch axis by tf.split and tf.concat."""
    x = tf.placeholder(tf.float32, [None, 5, 8], name="x")
    q, k, v = (tf.layers.dense(x, 8, activation=tf.nn.relu) for _ in range(3))
    q_, k_, v_ = (tf.concat(tf.split(t, 2, axis=2), axis=0) for t in (q, k, v))
    scores = tf.matmul(q_, tf.transpose(k_, [0, 2, 1]))
    scores = tf.nn.softmax(scores / (k_.get_shape().as_list()[-1] ** 0.5))
    net = tf.concat(tf.split(tf.matmul(scores, v_), 2, axis=0), axis=2)
    out = tf.layers.dense(tf.reduce_mean(net + x, 1), 3, name="out")
    data = {x: normal(EXAMPLES, 5, 8)}
    return Program(data, out, train=endings.fed(endings.estimator(out, 3), data))
