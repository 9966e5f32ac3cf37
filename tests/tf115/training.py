"""Programs to be continued: every optimizer and schedule, and networks of several kinds."""

import tensorflow as tf

from harness import EXAMPLES, Training, case, random
from problem import CLASSES, FEATURES, HIDDEN, batches, cross_entropy, mlp, placeholders


def with_optimizer(make_optimizer):
    """The MLP with cross entropy and the optimizer made from the global step."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    step = tf.Variable(0, trainable=False, name="global_step")
    train = make_optimizer(step).minimize(cost, global_step=step, name="train")
    tf.summary.scalar("cost", cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_momentum_nesterov():
    """Momentum with use_nesterov and a constant rate."""
    return with_optimizer(lambda _: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True))


@case
def train_momentum_exponential_decay():
    """Momentum under exponential_decay: the schedule must not rescale the velocity."""
    return with_optimizer(
        lambda step: tf.train.MomentumOptimizer(
            tf.train.exponential_decay(0.1, step, 5, 0.8), momentum=0.9
        )
    )


@case
def train_momentum_piecewise():
    """Momentum under piecewise_constant with boundaries before and after the checkpoint."""
    return with_optimizer(
        lambda step: tf.train.MomentumOptimizer(
            tf.train.piecewise_constant(step, [12, 24], [0.1, 0.03, 0.01]), 0.9
        )
    )


@case
def train_nesterov_polynomial():
    """Nesterov momentum under a polynomial decay with a power and an end rate."""
    return with_optimizer(
        lambda step: tf.train.MomentumOptimizer(
            tf.train.polynomial_decay(0.1, step, 25, 0.01, power=2.0), 0.8, use_nesterov=True
        )
    )


@case
def train_rmsprop_momentum():
    """RMSProp with decay, momentum and epsilon given."""
    return with_optimizer(
        lambda _: tf.train.RMSPropOptimizer(0.01, decay=0.95, momentum=0.8, epsilon=1e-6)
    )


@case
def train_rmsprop_centered():
    """RMSProp centered with momentum."""
    return with_optimizer(
        lambda _: tf.train.RMSPropOptimizer(0.005, momentum=0.5, centered=True, epsilon=1e-5)
    )


@case
def train_rmsprop_exponential_staircase():
    """RMSProp with momentum under a staircase of exponential decay, as Inception had it."""
    return with_optimizer(
        lambda step: tf.train.RMSPropOptimizer(
            tf.train.exponential_decay(0.02, step, 8, 0.5, staircase=True),
            0.9,
            momentum=0.9,
            epsilon=1.0,
        )
    )


@case
def train_adadelta():
    """Adadelta with a rate, rho and epsilon given."""
    return with_optimizer(lambda _: tf.train.AdadeltaOptimizer(0.5, rho=0.9, epsilon=1e-6))


@case
def train_ftrl():
    """Ftrl with l1 and l2 regularization strengths."""
    return with_optimizer(
        lambda _: tf.train.FtrlOptimizer(
            0.1, l1_regularization_strength=0.001, l2_regularization_strength=0.01
        )
    )


@case
def train_adam_polynomial():
    """Adam under polynomial_decay with cycle=True."""
    return with_optimizer(
        lambda step: tf.train.AdamOptimizer(
            tf.train.polynomial_decay(0.02, step, 12, 0.001, cycle=True)
        )
    )


@case
def train_adam_cosine():
    """Adam (betas and epsilon given) under cosine_decay with an alpha."""
    return with_optimizer(
        lambda step: tf.train.AdamOptimizer(
            tf.train.cosine_decay(0.02, step, 25, alpha=0.1), beta1=0.8, beta2=0.99, epsilon=1e-4
        )
    )


@case
def train_adam_inverse_time():
    """Adam under inverse_time_decay with staircase."""
    return with_optimizer(
        lambda step: tf.train.AdamOptimizer(
            tf.train.inverse_time_decay(0.02, step, 4, 0.5, staircase=True)
        )
    )


@case
def train_adam_natural_exp():
    """Adam under natural_exp_decay."""
    return with_optimizer(
        lambda step: tf.train.AdamOptimizer(tf.train.natural_exp_decay(0.02, step, 10, 0.4))
    )


@case
def train_adagrad_schedule():
    """Adagrad (initial accumulator given) under exponential_decay."""
    return with_optimizer(
        lambda step: tf.train.AdagradOptimizer(
            tf.train.exponential_decay(0.2, step, 6, 0.9), initial_accumulator_value=0.5
        )
    )


@case
def train_sgd_piecewise():
    """Gradient descent under piecewise_constant."""
    return with_optimizer(
        lambda step: tf.train.GradientDescentOptimizer(
            tf.train.piecewise_constant(step, [10, 25], [0.3, 0.1, 0.05])
        )
    )


@case
def train_sgd_cosine_restarts():
    """Gradient descent under cosine_decay_restarts."""
    return with_optimizer(
        lambda step: tf.train.GradientDescentOptimizer(
            tf.train.cosine_decay_restarts(0.2, step, 8, t_mul=2.0, m_mul=0.9)
        )
    )


@case
def train_momentum_warmup():
    """Warm-up by tf.cond, then cosine decay, as the official ResNet has it; momentum."""

    def rate(step):
        warm = 0.1 * tf.cast(step, tf.float32) / 12.0
        return tf.cond(step < 12, lambda: warm, lambda: tf.train.cosine_decay(0.1, step - 12, 90))

    return with_optimizer(lambda step: tf.train.MomentumOptimizer(rate(step), 0.9))


@case
def train_conv_adam():
    """A small conv net, max pool, flatten, dense; Adam."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 2], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    net = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, 2, 2)
    net = tf.layers.conv2d(net, 5, 3, activation=tf.nn.relu)
    logits = tf.layers.dense(tf.layers.flatten(net), CLASSES)
    cost = cross_entropy(logits, y)
    train = tf.train.AdamOptimizer(0.005).minimize(cost)
    return Training(x, y, logits, cost, train, batches((8, 8, 2)))


@case
def train_bn_dense_placeholder():
    """Batch norm on dense (not fused), UPDATE_OPS, is_training fed; momentum .9; Adam."""
    x, y = placeholders()
    training = tf.placeholder(tf.bool, name="is_training")
    net = tf.layers.dense(x, HIDDEN, use_bias=False)
    net = tf.layers.batch_normalization(net, momentum=0.9, training=training)
    logits = tf.layers.dense(tf.nn.relu(net), CLASSES)
    cost = cross_entropy(logits, y)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.AdamOptimizer(0.01).minimize(cost)
    feeds = {"train_feed": {training: True}, "feed": {training: False}}
    return Training(x, y, logits, cost, train, batches(), **feeds)


@case
def train_bn_conv_fused():
    """Fused batch norm after conv, UPDATE_OPS; its moving variance has Bessel's correction."""
    x = tf.placeholder(tf.float32, [None, 6, 6, 2], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    training = tf.placeholder_with_default(False, [], name="training")
    net = tf.layers.conv2d(x, 4, 3, use_bias=False)
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=training, momentum=0.95))
    logits = tf.layers.dense(tf.layers.flatten(net), CLASSES)
    cost = cross_entropy(logits, y)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.MomentumOptimizer(0.02, 0.9).minimize(cost)
    return Training(x, y, logits, cost, train, batches((6, 6, 2)), train_feed={training: True})


@case
def train_layers_sgd_step():
    """tf.layers with activations by argument, gradient descent, global step, in a scope."""
    x, y = placeholders()
    with tf.variable_scope("model"):
        net = tf.layers.dense(x, HIDDEN, activation=tf.nn.sigmoid, name="hidden1")
        net = tf.layers.dense(net, HIDDEN, activation=tf.nn.softplus, name="hidden2")
        logits = tf.layers.dense(net, CLASSES, name="logits")
    with tf.name_scope("loss"):
        cost = cross_entropy(logits, y)
    step = tf.Variable(0, name="global_step", trainable=False)
    with tf.name_scope("train"):
        train = tf.train.GradientDescentOptimizer(0.2).minimize(cost, global_step=step)
    return Training(x, y, logits, cost, train, batches())


@case
def train_resource_adam():
    """Resource variables (ResourceApplyAdam) and Adam inside a variable scope (prefixed slots)."""
    x, y = placeholders()
    with tf.variable_scope("net", use_resource=True):
        net = tf.layers.dense(x, HIDDEN, activation=tf.nn.relu, name="hidden")
        logits = tf.layers.dense(net, CLASSES, name="logits")
    cost = cross_entropy(logits, y)
    with tf.variable_scope("optimizer"):
        train = tf.train.AdamOptimizer(0.01).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_fed_learning_rate():
    """The learning rate is a placeholder, fed 0.005 with a default; Adam."""
    x, y = placeholders()
    rate = tf.placeholder_with_default(0.005, [], name="learning_rate")
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    train = tf.train.AdamOptimizer(rate).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_rate_variable():
    """The learning rate is a variable that is not trainable and was assigned; RMSProp."""
    x, y = placeholders()
    rate = tf.Variable(0.004, trainable=False, name="learning_rate")
    tf.assign(rate, rate * 0.5, name="halve")
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    train = tf.train.RMSPropOptimizer(rate).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_embedding_sparse_gradients():
    """Integer tokens, embedding with IndexedSlices gradients, Adagrad's sparse apply."""
    x = tf.placeholder(tf.int32, [None, 5], name="tokens")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    table = tf.get_variable("embedding", [20, 6])
    net = tf.reduce_mean(tf.nn.embedding_lookup(table, x), 1)
    logits = tf.layers.dense(net, CLASSES, name="logits")
    cost = cross_entropy(logits, y)
    train = tf.train.AdagradOptimizer(0.1).minimize(cost)
    generator = random(5)
    made = [
        (generator.randint(0, 20, (EXAMPLES, 5)).astype("int32"), labels) for _, labels in batches()
    ]
    return Training(x, y, logits, cost, train, made)


@case
def train_lstm_adam():
    """BasicLSTMCell in dynamic_rnn, last output, Adam."""
    x = tf.placeholder(tf.float32, [None, 5, 4], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    cell = tf.nn.rnn_cell.BasicLSTMCell(6)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    logits = tf.layers.dense(outputs[:, -1, :], CLASSES)
    cost = cross_entropy(logits, y)
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    return Training(x, y, logits, cost, train, batches((5, 4)))


@case
def train_keras_layers():
    """tf.keras layers called in a graph, tf.train.Adam, categorical cross entropy from logits."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(HIDDEN, activation="relu"), tf.keras.layers.Dense(CLASSES)]
    )
    logits = model(x)
    losses = tf.keras.losses.categorical_crossentropy(y, logits, from_logits=True)
    cost = tf.reduce_mean(losses)
    train = tf.train.AdamOptimizer(0.01).minimize(cost, var_list=model.trainable_variables)
    return Training(x, y, logits, cost, train, batches())


@case
def train_top_layer_only():
    """minimize(var_list=…): the first layer stays as it is."""
    x, y = placeholders()
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="base")
    logits = tf.layers.dense(hidden, CLASSES, name="top")
    cost = cross_entropy(logits, y)
    train = tf.train.AdamOptimizer(0.01).minimize(cost, var_list=tf.trainable_variables("top"))
    return Training(x, y, logits, cost, train, batches())


@case
def train_adam_warmup():
    """Adam under the transformer's schedule: rsqrt of the step with a linear warm-up."""

    def optimizer(step):
        count = tf.cast(step, tf.float32) + 1.0
        rate = 0.3 * 10**-0.5 * tf.minimum(tf.rsqrt(count), count * 22.0**-1.5)
        return tf.train.AdamOptimizer(rate, beta2=0.98, epsilon=1e-9)

    return with_optimizer(optimizer)


@case
def train_optimize_loss():
    """tf.contrib.layers.optimize_loss with a decay function; slots under OptimizeLoss."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    train = tf.contrib.layers.optimize_loss(
        cost,
        tf.train.get_or_create_global_step(),
        learning_rate=0.02,
        optimizer="Adam",
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 10, 0.9),
    )
    return Training(x, y, logits, cost, train.op, batches())


@case
def train_dropout_kept():
    """Dropout in the graph whose keep_prob defaults to 1 and is not fed; Momentum."""
    x, y = placeholders()
    keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.relu)
    logits = tf.layers.dense(tf.nn.dropout(hidden, keep_prob), CLASSES)
    cost = cross_entropy(logits, y)
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


def embedded(optimizer):
    """Tokens, some many times in a batch, through an embedding; the optimizer's sparse updates."""
    x = tf.placeholder(tf.int32, [None, 5], name="tokens")
    y = tf.placeholder(tf.float32, [None, CLASSES], name="y")
    table = tf.get_variable("embedding", [40, 3])
    net = tf.reduce_mean(tf.nn.embedding_lookup(table, x), 1)
    logits = tf.layers.dense(net, CLASSES, name="logits")
    cost = cross_entropy(logits, y)
    generator = random(5)
    made = [
        (generator.geometric(0.1, (EXAMPLES, 5)).clip(1, 39).astype("int32"), labels)
        for _, labels in batches()
    ]
    return Training(x, y, logits, cost, optimizer.minimize(cost), made)


@case
def train_embedding_momentum():
    """Momentum's sparse updates: rows that a batch does not name keep value and momentum."""
    return embedded(tf.train.MomentumOptimizer(0.5, 0.9))


@case
def train_embedding_ftrl():
    """Ftrl's sparse updates."""
    return embedded(tf.train.FtrlOptimizer(0.2, l1_regularization_strength=0.001))


@case
def train_proximal_adagrad():
    """ProximalAdagrad with both strengths, which Keras has no class for."""
    return with_optimizer(
        lambda _: tf.train.ProximalAdagradOptimizer(
            0.1, l1_regularization_strength=0.001, l2_regularization_strength=0.01
        )
    )


@case
def train_adagrad_da():
    """AdagradDA, which computes the weights anew from sums of gradients."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    step = tf.train.get_or_create_global_step()  # its kernel takes an int64 alone
    optimizer = tf.train.AdagradDAOptimizer(0.1, step, l2_regularization_strength=0.001)
    return Training(x, y, logits, cost, optimizer.minimize(cost, step), batches())


def _contrib(name, **options):
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    train = getattr(tf.contrib.opt, name)(**options).minimize(cost)
    return Training(x, y, logits, cost, train, batches())


@case
def train_contrib_nadam():
    """contrib's NadamOptimizer: Adam with Nesterov's momentum."""
    return _contrib("NadamOptimizer", learning_rate=0.01)


@case
def train_contrib_add_sign():
    """contrib's AddSignOptimizer."""
    return _contrib("AddSignOptimizer", learning_rate=0.05, alpha=0.5)


@case
def train_contrib_power_sign():
    """contrib's PowerSignOptimizer, with a base of 2."""
    return _contrib("PowerSignOptimizer", learning_rate=0.05, base=2.0)


@case
def train_two_optimizers():
    """Ftrl for the wide part and Adagrad for the deep one, both of the same loss."""
    x, y = placeholders()
    with tf.variable_scope("wide"):
        wide = tf.layers.dense(x, CLASSES, use_bias=False, name="linear")
    with tf.variable_scope("deep"):
        deep = tf.layers.dense(tf.layers.dense(x, 6, tf.nn.relu, name="h"), CLASSES, name="out")
    logits = tf.add(wide, deep, name="logits")
    cost = cross_entropy(logits, y)
    train = tf.group(
        tf.train.FtrlOptimizer(0.1).minimize(cost, var_list=tf.trainable_variables("wide")),
        tf.train.AdagradOptimizer(0.05).minimize(cost, var_list=tf.trainable_variables("deep")),
        name="train_both",
    )
    return Training(x, y, logits, cost, train, batches())
