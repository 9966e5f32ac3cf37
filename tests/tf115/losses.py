"""Programs to be continued: losses, regularization and gradient clipping as they were spelled."""

import tensorflow as tf

from harness import EXAMPLES, Training, case
from problem import CLASSES, FEATURES, HIDDEN, batches, cross_entropy, mlp, placeholders


@case
def train_sparse_softmax():
    """Integer labels in sparse_softmax_cross_entropy_with_logits, tf.layers, Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="hidden")
    logits = tf.layers.dense(hidden, CLASSES, name="logits")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(losses, name="loss")
    train = tf.train.AdamOptimizer(0.01).minimize(loss, name="train")
    return Training(x, y, logits, loss, train, batches())


@case
def train_losses_sparse_estimator():
    """tf.losses.sparse_softmax_cross_entropy, global step, gradient descent, tf.metrics."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="features")
    y = tf.placeholder(tf.int32, [None], name="labels")
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.tanh)
    logits = tf.layers.dense(hidden, CLASSES)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
    tf.metrics.accuracy(y, tf.argmax(logits, 1))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(
        loss, global_step=tf.train.get_or_create_global_step()
    )
    return Training(x, y, logits, loss, train, batches())


@case
def train_losses_softmax():
    """tf.losses.softmax_cross_entropy with Momentum."""
    x, y = placeholders()
    logits = mlp(x)
    loss = tf.losses.softmax_cross_entropy(onehot_labels=y, logits=logits)
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_sigmoid_one_output():
    """One logit, sigmoid cross entropy, mean; Adam."""
    x, y = placeholders(1)
    logits = mlp(x, 1)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=y)
    cost = tf.reduce_mean(losses)
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    tf.round(tf.nn.sigmoid(logits), name="prediction")
    return Training(x, y, logits, cost, train, batches(labels="binary", width=1))


@case
def train_sigmoid_multi_label():
    """Five labels at once, tf.losses.sigmoid_cross_entropy, RMSProp."""
    x, y = placeholders(5)
    logits = mlp(x, 5)
    loss = tf.losses.sigmoid_cross_entropy(multi_class_labels=y, logits=logits)
    train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches(labels="binary", width=5))


@case
def train_sigmoid_summed():
    """Sigmoid cross entropy summed over labels, then the mean over examples."""
    x, y = placeholders(3)
    logits = mlp(x, 3)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
    cost = tf.reduce_mean(tf.reduce_sum(losses, axis=1))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    return Training(x, y, logits, cost, train, batches(labels="binary", width=3))


@case
def train_losses_mean_squared():
    """Regression with tf.losses.mean_squared_error, two targets, Adam."""
    x, y = placeholders(2)
    prediction = mlp(x, 2)
    loss = tf.losses.mean_squared_error(labels=y, predictions=prediction)
    train = tf.train.AdamOptimizer(0.02).minimize(loss)
    return Training(x, y, prediction, loss, train, batches(labels="real", width=2))


@case
def train_square_by_hand():
    """Regression with reduce_mean(tf.square(prediction - target)), gradient descent."""
    x, y = placeholders(1)
    prediction = mlp(x, 1)
    cost = tf.reduce_mean(tf.square(prediction - y))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    return Training(x, y, prediction, cost, train, batches(labels="real", width=1))


@case
def train_pow_halved():
    """Linear regression: reduce_sum(tf.pow(pred - Y, 2)) / (2 * n), gradient descent."""
    x, y = placeholders(1)
    w = tf.Variable(tf.random_normal([FEATURES, 1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")
    prediction = tf.add(tf.matmul(x, w), b)
    cost = tf.reduce_sum(tf.pow(prediction - y, 2)) / (2 * EXAMPLES)
    train = tf.train.GradientDescentOptimizer(0.02).minimize(cost)
    return Training(x, y, prediction, cost, train, batches(labels="real", width=1))


@case
def train_l2_loss_sum():
    """Regression with tf.nn.l2_loss(prediction - target), a sum of halves over the batch."""
    x, y = placeholders(2)
    prediction = mlp(x, 2)
    cost = tf.nn.l2_loss(prediction - y, name="cost")
    train = tf.train.GradientDescentOptimizer(0.0005).minimize(cost)
    return Training(x, y, prediction, cost, train, batches(labels="real", width=2))


@case
def train_absolute_difference():
    """Regression with tf.losses.absolute_difference and Adagrad."""
    x, y = placeholders(2)
    prediction = mlp(x, 2)
    loss = tf.losses.absolute_difference(y, prediction)
    train = tf.train.AdagradOptimizer(0.05).minimize(loss)
    return Training(x, y, prediction, loss, train, batches(labels="real", width=2))


@case
def train_huber():
    """Regression with tf.losses.huber_loss, delta given."""
    x, y = placeholders(2)
    prediction = mlp(x, 2)
    loss = tf.losses.huber_loss(y, prediction, delta=0.7)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, prediction, loss, train, batches(labels="real", width=2))


@case
def train_log_softmax_sum():
    """-tf.reduce_sum(y * tf.log(softmax)) over the batch, the first tutorial's cross entropy."""
    x = tf.placeholder(tf.float32, [None, FEATURES])
    y_ = tf.placeholder(tf.float32, [None, CLASSES])
    w = tf.Variable(tf.zeros([FEATURES, CLASSES]))
    b = tf.Variable(tf.zeros([CLASSES]))
    y = tf.nn.softmax(tf.matmul(x, w) + b)
    cost = -tf.reduce_sum(y_ * tf.log(y))
    train = tf.train.GradientDescentOptimizer(0.005).minimize(cost)
    return Training(x, y_, y, cost, train, batches())


@case
def train_log_softmax_mean():
    """reduce_mean(-reduce_sum(y * log(pred), reduction_indices=1)), gradient descent."""
    x = tf.placeholder(tf.float32, [None, FEATURES])
    y = tf.placeholder(tf.float32, [None, CLASSES])
    w = tf.Variable(tf.zeros([FEATURES, CLASSES]))
    b = tf.Variable(tf.zeros([CLASSES]))
    pred = tf.nn.softmax(tf.matmul(x, w) + b)
    cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(pred), reduction_indices=1))
    train = tf.train.GradientDescentOptimizer(0.05).minimize(cost)
    return Training(x, y, pred, cost, train, batches())


@case
def train_contrib_l2():
    """contrib l2_regularizer on kernels, tf.losses.get_regularization_loss, Adam."""
    x, y = placeholders()
    l2 = tf.contrib.layers.l2_regularizer(scale=0.01)
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.relu, kernel_regularizer=l2)
    logits = tf.layers.dense(hidden, CLASSES, kernel_regularizer=l2)
    base = tf.losses.softmax_cross_entropy(y, logits)
    loss = base + tf.losses.get_regularization_loss()
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_slim_total_loss():
    """contrib fully_connected with weights_regularizer, get_total_loss, Momentum."""
    x, y = placeholders()
    l2 = tf.contrib.layers.l2_regularizer(0.005)
    net = tf.contrib.layers.fully_connected(x, HIDDEN, weights_regularizer=l2, scope="fc1")
    logits = tf.contrib.layers.fully_connected(
        net, CLASSES, activation_fn=None, weights_regularizer=l2, scope="logits"
    )
    tf.losses.softmax_cross_entropy(y, logits)
    loss = tf.losses.get_total_loss()
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_l2_all_variables():
    """Weight decay as ResNet has it: add_n of l2_loss over all trainable variables."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    decay = 0.002 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    loss = cost + decay
    step = tf.train.get_or_create_global_step()
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, step)
    return Training(x, y, logits, loss, train, batches())


@case
def train_l1_and_l2():
    """l1_l2_regularizer through a variable scope's regularizer and apply_regularization."""
    x, y = placeholders()
    both = tf.contrib.layers.l1_l2_regularizer(0.001, 0.004)
    with tf.variable_scope("net", regularizer=both):
        hidden = tf.layers.dense(x, HIDDEN, tf.nn.elu, name="hidden")
    logits = tf.layers.dense(hidden, CLASSES, name="logits")
    penalty = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    loss = cross_entropy(logits, y) + penalty
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_clip_by_value():
    """compute_gradients, clip_by_value each, apply_gradients; gradient descent."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    optimizer = tf.train.GradientDescentOptimizer(0.3)
    pairs = optimizer.compute_gradients(cost)
    capped = [(tf.clip_by_value(g, -0.02, 0.02), v) for g, v in pairs]
    train = optimizer.apply_gradients(capped)
    return Training(x, y, logits, cost, train, batches())


@case
def train_clip_by_global_norm():
    """tf.gradients, clip_by_global_norm, Adam's apply_gradients with a global step."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(cost, variables), 0.2)
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.01).apply_gradients(zip(gradients, variables), step)
    return Training(x, y, logits, cost, train, batches())


@case
def train_clip_by_norm():
    """clip_by_norm of each gradient, Momentum."""
    x, y = placeholders()
    logits = mlp(x)
    cost = cross_entropy(logits, y)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    pairs = [(tf.clip_by_norm(g, 0.1), v) for g, v in optimizer.compute_gradients(cost)]
    train = optimizer.apply_gradients(pairs)
    return Training(x, y, logits, cost, train, batches())


@case
def train_label_smoothing():
    """tf.losses.softmax_cross_entropy with label_smoothing, Adam."""
    x, y = placeholders()
    logits = mlp(x)
    loss = tf.losses.softmax_cross_entropy(y, logits, label_smoothing=0.1)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_weighted_sigmoid():
    """weighted_cross_entropy_with_logits with a pos_weight, gradient descent."""
    x, y = placeholders(3)
    logits = mlp(x, 3)
    losses = tf.nn.weighted_cross_entropy_with_logits(labels=y, logits=logits, pos_weight=2.5)
    cost = tf.reduce_mean(losses)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    return Training(x, y, logits, cost, train, batches(labels="binary", width=3))


@case
def train_log_loss_by_hand():
    """Logistic regression: -mean(y log(a) + (1 - y) log(1 - a)) on a sigmoid output."""
    x, y = placeholders(1)
    w = tf.Variable(tf.zeros([FEATURES, 1]), name="W")
    b = tf.Variable(tf.zeros([1]), name="b")
    a = tf.nn.sigmoid(tf.matmul(x, w) + b, name="hypothesis")
    cost = -tf.reduce_mean(y * tf.log(a) + (1 - y) * tf.log(1 - a))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    tf.cast(a > 0.5, tf.float32, name="predicted")
    return Training(x, y, a, cost, train, batches(labels="binary", width=1))


@case
def train_losses_log_loss():
    """tf.losses.log_loss on a sigmoid output, Adam."""
    x, y = placeholders(1)
    output = tf.sigmoid(mlp(x, 1), name="probability")
    loss = tf.losses.log_loss(labels=y, predictions=output)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, output, loss, train, batches(labels="binary", width=1))


@case
def train_root_mean_square():
    """tf.sqrt(tf.reduce_mean(tf.squared_difference)), Adam."""
    x, y = placeholders(2)
    prediction = mlp(x, 2)
    cost = tf.sqrt(tf.reduce_mean(tf.squared_difference(y, prediction)), name="rmse")
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    return Training(x, y, prediction, cost, train, batches(labels="real", width=2))
