"""Programs as people published them: mixed styles, many heads, fed rates, averages, flags."""

import tensorflow as tf

from harness import EXAMPLES, Training, case, random
from problem import CLASSES, FEATURES, HIDDEN, batches, mlp, placeholders

slim = tf.contrib.slim


def _images(size=8, channels=2):
    x = tf.placeholder(tf.float32, [None, size, size, channels], name="images")
    y = tf.placeholder(tf.int64, [None], name="labels")
    return x, y, batches((size, size, channels))


@case
def train_estimator_model_fn():
    """A model_fn's body: features dict, logits, tf.losses, train_op by the global step."""
    features = {"x": tf.placeholder(tf.float32, [None, FEATURES], name="x")}
    labels = tf.placeholder(tf.int32, [None], name="labels")
    net = tf.layers.dense(features["x"], HIDDEN, activation=tf.nn.relu)
    net = tf.layers.dropout(net, rate=0.0, training=True)
    logits = tf.layers.dense(net, CLASSES)
    predictions = {
        "classes": tf.argmax(input=logits, axis=1),
        "probabilities": tf.nn.softmax(logits, name="softmax_tensor"),
    }
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    tf.metrics.accuracy(labels=labels, predictions=predictions["classes"])
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.1)
    train = optimizer.minimize(loss=loss, global_step=tf.train.get_global_step())
    return Training(features["x"], labels, logits, loss, train, batches())


@case
def train_slim_create_train_op():
    """slim layers with batch norm, get_total_loss, slim.learning.create_train_op, Adam."""
    x, y, made = _images()
    training = tf.placeholder_with_default(False, [], name="is_training")
    params = {"is_training": training, "decay": 0.9, "scale": True}
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_regularizer=slim.l2_regularizer(0.001),
        normalizer_fn=slim.batch_norm,
        normalizer_params=params,
    ):
        net = slim.conv2d(x, 4, [3, 3], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = slim.flatten(net)
        net = slim.fully_connected(net, 6, scope="fc1")
    logits = slim.fully_connected(net, CLASSES, activation_fn=None, scope="logits")
    tf.losses.sparse_softmax_cross_entropy(y, logits)
    loss = tf.losses.get_total_loss()
    train = slim.learning.create_train_op(loss, tf.train.MomentumOptimizer(0.01, 0.9))
    return Training(x, y, logits, loss, train, made, train_feed={training: True})


@case
def train_tower_name_scopes():
    """conv_layer and fc_layer helpers with name scopes, weights by tf.Variable, a fed rate."""
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="labels")
    rate = tf.placeholder_with_default(0.001, [], name="learning_rate")
    image = tf.reshape(x, [-1, 8, 8, 1])

    def conv(inputs, size_in, size_out, name):
        with tf.name_scope(name):
            w = tf.Variable(tf.truncated_normal([5, 5, size_in, size_out], stddev=0.1), name="W")
            b = tf.Variable(tf.constant(0.1, shape=[size_out]), name="B")
            act = tf.nn.relu(tf.nn.conv2d(inputs, w, [1, 1, 1, 1], "SAME") + b)
            tf.summary.histogram("weights", w)
            return tf.nn.max_pool(act, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")

    net = conv(conv(image, 1, 4, "conv1"), 4, 6, "conv2")
    flat = tf.reshape(net, [-1, 2 * 2 * 6])
    with tf.name_scope("fc"):
        w = tf.Variable(tf.truncated_normal([24, CLASSES], stddev=0.1), name="W")
        b = tf.Variable(tf.constant(0.1, shape=[CLASSES]), name="B")
        logits = tf.matmul(flat, w) + b
    with tf.name_scope("xent"):
        losses = tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y)
        xent = tf.reduce_mean(losses, name="xent")
    with tf.name_scope("train"):
        train = tf.train.AdamOptimizer(rate).minimize(xent)
    with tf.name_scope("accuracy"):
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
        tf.reduce_mean(tf.cast(right, tf.float32))
    return Training(x, y, logits, xent, train, batches((64,)))


@case
def train_class_with_lazy_properties():
    """A Model class: prediction as softmax, optimize, error; RMSProp; -sum(y log p)."""
    x = tf.placeholder(tf.float32, [None, FEATURES])
    y = tf.placeholder(tf.float32, [None, CLASSES])
    with tf.variable_scope("prediction"):
        net = tf.contrib.slim.fully_connected(x, HIDDEN)
        net = tf.contrib.slim.fully_connected(net, CLASSES, tf.nn.softmax)
    with tf.variable_scope("optimize"):
        log_prob = tf.log(net + 1e-12)
        cross_entropy = -tf.reduce_sum(y * log_prob)
        train = tf.train.RMSPropOptimizer(0.01).minimize(cross_entropy)
    return Training(x, y, net, cross_entropy, train, batches())


@case
def train_gradient_noise_scale():
    """compute_gradients with None filtered, a summary a gradient, clip_by_global_norm, step."""
    x, y = placeholders()
    tf.Variable(tf.zeros([3]), name="never_used")
    logits = mlp(x)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    step = tf.Variable(0, name="global_step", trainable=False)
    optimizer = tf.train.AdamOptimizer(1e-2)
    pairs = [(g, v) for g, v in optimizer.compute_gradients(cost) if g is not None]
    gradients, variables = zip(*pairs)
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    tf.summary.scalar("norm", norm)
    train = optimizer.apply_gradients(zip(clipped, variables), global_step=step)
    return Training(x, y, logits, cost, train, batches())


@case
def train_ema_in_train_op():
    """Moving averages of all weights kept by the train op, exponential decay, staircase; SGD."""
    x, y = placeholders()
    logits = mlp(x)
    step = tf.Variable(0, trainable=False, name="step")
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    keep = averages.apply(tf.trainable_variables())
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=tf.argmax(y, 1))
    regularizer = tf.contrib.layers.l2_regularizer(0.0001)
    penalty = sum(regularizer(v) for v in tf.trainable_variables() if v.op.name.startswith("w"))
    loss = tf.reduce_mean(losses) + penalty
    rate = tf.train.exponential_decay(0.2, step, 8, 0.99, staircase=True)
    apply = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    with tf.control_dependencies([apply, keep]):
        train = tf.no_op(name="train")
    return Training(x, y, logits, loss, train, batches())


@case
def train_add_to_collection_losses():
    """Weight decay by add_to_collection("losses"), add_n, as the CIFAR tutorial has it; SGD."""
    x, y, made = _images()

    def variable(name, shape, stddev, decay):
        value = tf.get_variable(name, shape, tf.float32, tf.truncated_normal_initializer(0, stddev))
        if decay is not None:
            tf.add_to_collection("losses", tf.multiply(tf.nn.l2_loss(value), decay, name="decay"))
        return value

    with tf.variable_scope("conv1") as scope:
        kernel = variable("weights", [3, 3, 2, 4], 0.05, None)
        biases = tf.get_variable("biases", [4], initializer=tf.constant_initializer(0.1))
        conv = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], padding="SAME")
        conv1 = tf.nn.relu(tf.nn.bias_add(conv, biases), name=scope.name)
    pool = tf.nn.max_pool(conv1, [1, 3, 3, 1], [1, 2, 2, 1], "SAME", name="pool1")
    norm = tf.nn.lrn(pool, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="norm1")
    with tf.variable_scope("local3") as scope:
        reshape = tf.reshape(norm, [-1, 4 * 4 * 4])
        weights = variable("weights", [64, 12], 0.04, 0.004)
        biases = tf.get_variable("biases", [12], initializer=tf.constant_initializer(0.1))
        local3 = tf.nn.relu(tf.matmul(reshape, weights) + biases, name=scope.name)
    with tf.variable_scope("softmax_linear") as scope:
        weights = variable("weights", [12, CLASSES], 1 / 12.0, 0.0)
        biases = tf.get_variable("biases", [CLASSES], initializer=tf.constant_initializer(0.0))
        logits = tf.add(tf.matmul(local3, weights), biases, name=scope.name)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=y, logits=logits, name="cross_entropy_per_example"
    )
    tf.add_to_collection("losses", tf.reduce_mean(losses, name="cross_entropy"))
    total = tf.add_n(tf.get_collection("losses"), name="total_loss")
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    train = optimizer.apply_gradients(optimizer.compute_gradients(total), global_step=step)
    return Training(x, y, logits, total, train, made)


@case
def train_unet_pixel_loss():
    """A small segmentation net; sigmoid cross entropy over pixels, flattened; Adam."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    y = tf.placeholder(tf.float32, [None, 8, 8, 1], name="mask")
    down = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu)
    inner = tf.layers.conv2d(tf.layers.max_pooling2d(down, 2, 2), 6, 3, padding="same")
    up = tf.layers.conv2d_transpose(tf.nn.relu(inner), 4, 2, strides=2)
    logits = tf.layers.conv2d(tf.concat([up, down], 3), 1, 1, name="logits")
    losses = tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.reshape(y, [-1]), logits=tf.reshape(logits, [-1])
    )
    loss = tf.reduce_mean(losses)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = [
        (a.reshape(-1, 8, 8, 1), (a.reshape(-1, 8, 8, 1) > 0.3).astype("float32"))
        for a, _ in batches((64,))
    ]
    return Training(x, y, logits, loss, train, made)


@case
def train_labels_scaled_in_graph():
    """Images as labels of an autoencoder's twin: divided by 255 in the graph; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.float32, [None, FEATURES], name="target")
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.sigmoid, name="encoder")
    decoded = tf.layers.dense(hidden, FEATURES, tf.nn.sigmoid, name="decoder")
    cost = tf.reduce_mean(tf.pow(y / 255.0 - decoded, 2))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    generator = random(61)
    made = [
        (a, generator.randint(0, 256, (EXAMPLES, FEATURES)).astype("float32")) for a, _ in batches()
    ]
    return Training(x, y, decoded, cost, train, made)


@case
def train_lstm_last_step_unstack():
    """static_rnn over tf.unstack, raw output weights in dicts, forget_bias 1, GradientDescent."""
    x = tf.placeholder("float", [None, 5, 4])
    y = tf.placeholder("float", [None, CLASSES])
    weights = {"out": tf.Variable(tf.random_normal([6, CLASSES]))}
    biases = {"out": tf.Variable(tf.random_normal([CLASSES]))}
    steps = tf.unstack(x, 5, 1)
    cell = tf.contrib.rnn.BasicLSTMCell(6, forget_bias=1.0)
    outputs, _ = tf.contrib.rnn.static_rnn(cell, steps, dtype=tf.float32)
    logits = tf.matmul(outputs[-1], weights["out"]) + biases["out"]
    tf.nn.softmax(logits)
    losses = tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y)
    loss_op = tf.reduce_mean(losses)
    train = tf.train.GradientDescentOptimizer(learning_rate=0.05).minimize(loss_op)
    return Training(x, y, logits, loss_op, train, batches((5, 4)))


@case
def train_two_losses_shared_label():
    """An auxiliary head as Inception has it: two cross entropies of one label, 0.4 of one."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    trunk = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="trunk")
    aux = tf.layers.dense(trunk, CLASSES, name="aux_logits")
    logits = tf.layers.dense(tf.layers.dense(trunk, 6, tf.nn.relu), CLASSES, name="logits")
    tf.losses.softmax_cross_entropy(y, aux, weights=0.4)
    tf.losses.softmax_cross_entropy(y, logits)
    loss = tf.losses.get_total_loss(add_regularization_losses=False)
    train = tf.train.AdamOptimizer(0.005).minimize(loss)
    made = [(a, [b]) for a, b in batches()]
    return Training([x], [y], [aux, logits], loss, train, [([a], b) for a, b in made])


@case
def train_rate_divided_by_hand():
    """The rate kept in a variable and halved by an assign op; momentum; get_variable scopes."""
    x, y = placeholders()
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.3, 0.3)):
        w = tf.get_variable("softmax_w", [FEATURES, CLASSES])
        b = tf.get_variable("softmax_b", [CLASSES])
    logits = tf.nn.xw_plus_b(x, w, b)
    cost = (
        tf.reduce_sum(
            tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(y), logits=logits)
        )
        / EXAMPLES
    )
    rate = tf.Variable(0.0, trainable=False, name="lr")
    tf.assign(rate, rate * 0.5, name="halve")
    first = tf.assign(rate, 0.05)
    with tf.control_dependencies([first]):
        train = tf.train.MomentumOptimizer(rate, 0.9).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_squeezed_regression():
    """A house-price net: tf.squeeze of one unit against labels of one dimension; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="X")
    y = tf.placeholder(tf.float32, [None], name="Y")
    net = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="h")
    prediction = tf.squeeze(tf.layers.dense(net, 1, name="price"), axis=1, name="prediction")
    loss = tf.losses.mean_squared_error(y, prediction)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = [([a], [b[:, 0]]) for a, b in batches(labels="real", width=1)]
    return Training([x], [y], prediction, loss, train, made)


@case
def train_negative_log_likelihood():
    """A Gaussian likelihood of two heads, mean and log variance, concatenated; Adam."""
    x, y = placeholders(2)
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.tanh)
    output = tf.layers.dense(hidden, 4, name="parameters")
    mean, log_variance = tf.split(output, 2, axis=1)
    precision = tf.exp(-log_variance)
    loss = tf.reduce_mean(tf.reduce_sum(precision * tf.square(y - mean) + log_variance, axis=1))
    train = tf.train.AdamOptimizer(0.005).minimize(loss)
    return Training(x, y, output, loss, train, batches(labels="real", width=2))
