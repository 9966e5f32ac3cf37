"""Normalization: batch norm in every form it was written, layer norm, instance norm."""

import tensorflow as tf
from tensorflow.python.training import moving_averages

import endings
from harness import EXAMPLES, Program, case, normal

slim = tf.contrib.slim
layers = tf.contrib.layers


def vectors(width=10, name="x"):
    x = tf.placeholder(tf.float32, [None, width], name=name)
    return x, {x: normal(EXAMPLES, width)}


def images(size=6, channels=3):
    x = tf.placeholder(tf.float32, [None, size, size, channels], name="images")
    return x, {x: normal(EXAMPLES, size, size, channels)}


def after_updates(optimizer, loss):
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return optimizer.minimize(loss)


@case
def bn_layers_constant_modes():
    """tf.layers batch norm: training=True in the training copy, False and reuse in the other."""
    x, data = vectors()
    y = tf.placeholder(tf.float32, [None, 3], name="y")

    def network(inputs, training, reuse):
        with tf.variable_scope("net", reuse=reuse):
            net = tf.layers.dense(inputs, 8, name="fc1")
            net = tf.layers.batch_normalization(net, training=training, name="bn1")
            return tf.layers.dense(tf.nn.relu(net), 3, name="fc2")

    logits = network(x, True, False)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    train = after_updates(tf.train.AdamOptimizer(0.01), loss)
    evaluated = network(x, False, True)
    prediction = tf.nn.softmax(evaluated, name="prediction")
    return Program(data, prediction, train=(train, {**data, y: abs(normal(EXAMPLES, 3))}))


@case
def bn_layers_unfused_options():
    """fused=False, momentum and epsilon given, center or scale off, after conv, placeholder."""
    x, data = images()
    training = tf.placeholder(tf.bool, name="phase_train")
    net = tf.layers.conv2d(x, 6, 3, use_bias=False, padding="same")
    net = tf.layers.batch_normalization(
        net, momentum=0.9, epsilon=1e-5, training=training, fused=False
    )
    net = tf.layers.conv2d(tf.nn.relu(net), 5, 3)
    net = tf.layers.batch_normalization(net, scale=False, training=training, fused=False)
    net = tf.nn.relu(net)
    net = tf.layers.dense(tf.layers.flatten(net), 6)
    net = tf.layers.batch_normalization(net, center=False, training=training)
    out = tf.layers.dense(tf.nn.elu(net), 3)
    train = endings.fed(endings.estimator(out, 3), {**data, training: True})
    return Program(data, out, feed={training: False}, train=train)


@case
def bn_small_epsilon_fused():
    """Fused batch norm with epsilon 1e-8 and 1e-5 (raised to 1.001e-5) on tiny variances."""
    x, data = images()
    training = tf.placeholder_with_default(False, [], name="training")
    net = 0.005 * tf.layers.conv2d(x, 6, 3, padding="same")
    net = tf.layers.batch_normalization(net, epsilon=1e-8, momentum=0.1, training=training)
    net = 0.005 * tf.layers.conv2d(tf.nn.relu(net), 6, 3)
    net = tf.layers.batch_normalization(net, epsilon=1e-5, momentum=0.1, training=training)
    out = tf.layers.dense(tf.reduce_mean(net, [1, 2]), 3)
    train = endings.fed(endings.estimator(out, 3), {**data, training: True})
    return Program(data, out, train=train, steps=10)


@case
def bn_contrib_no_gamma():
    """tf.contrib.layers.batch_norm: no gamma, .999, updates in place, activation inside."""
    x, data = vectors()
    is_training = tf.placeholder(tf.bool, name="is_training")
    params = {"is_training": is_training, "decay": 0.9}
    net = layers.fully_connected(x, 9, activation_fn=None)
    net = layers.batch_norm(
        net, is_training=is_training, updates_collections=None, activation_fn=tf.nn.relu
    )
    net = layers.fully_connected(net, 7, normalizer_fn=layers.batch_norm, normalizer_params=params)
    out = layers.fully_connected(net, 3, activation_fn=None)
    train = endings.fed(endings.scoped(out, 3), {**data, is_training: True})
    return Program(data, out, feed={is_training: False}, train=train)


@case
def bn_always_training():
    """A generator of DCGAN: tf.layers.batch_normalization(training=True)."""
    x, data = vectors()
    net = tf.layers.dense(x, 4 * 4 * 6, use_bias=False, name="project")
    net = tf.reshape(net, [-1, 4, 4, 6])
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=True, name="bn1"))
    net = tf.layers.conv2d_transpose(net, 5, 3, 2, "same", use_bias=False, name="up")
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=True, scale=False, name="bn2"))
    net = tf.reduce_mean(net, [1, 2])
    out = tf.layers.dense(net, 3, name="out")
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def bn_slim_arg_scope():
    """slim conv2d with normalizer_fn=batch_norm, scale=True, fused, python bool False."""
    x, data = images()
    params = {"decay": 0.95, "epsilon": 0.001, "scale": True, "is_training": False, "fused": True}
    with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm, normalizer_params=params):
        net = slim.conv2d(x, 6, [3, 3], scope="conv1")
        net = slim.conv2d(net, 8, [3, 3], stride=2, scope="conv2")
        net = tf.reduce_mean(net, [1, 2], keep_dims=True, name="pool")
        net = slim.conv2d(net, 4, [1, 1], activation_fn=None, normalizer_fn=None, scope="logits")
    logits = tf.squeeze(net, [1, 2], name="squeezed")
    tf.nn.softmax(logits, name="Predictions")
    return Program(data, logits, train=endings.fed(endings.slim(logits, 4), data))


@case
def bn_raw_moments_cond():
    """The well-known recipe: tf.nn.moments, ExponentialMovingAverage, tf.cond, batch_norm op."""
    x, data = images()
    phase_train = tf.placeholder(tf.bool, name="phase_train")

    def batch_norm(net, n_out, axes, scope):
        with tf.variable_scope(scope):
            beta = tf.Variable(tf.constant(0.0, shape=[n_out]), name="beta", trainable=True)
            gamma = tf.Variable(tf.constant(1.0, shape=[n_out]), name="gamma", trainable=True)
            batch_mean, batch_var = tf.nn.moments(net, axes, name="moments")
            ema = tf.train.ExponentialMovingAverage(decay=0.5)

            def mean_var_with_update():
                with tf.control_dependencies([ema.apply([batch_mean, batch_var])]):
                    return tf.identity(batch_mean), tf.identity(batch_var)

            mean, var = tf.cond(
                phase_train,
                mean_var_with_update,
                lambda: (ema.average(batch_mean), ema.average(batch_var)),
            )
            return tf.nn.batch_normalization(net, mean, var, beta, gamma, 1e-3)

    w = tf.Variable(tf.truncated_normal([3, 3, 3, 6], stddev=0.1))
    net = batch_norm(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), 6, [0, 1, 2], "bn1")
    net = tf.reduce_mean(tf.nn.relu(net), [1, 2])
    w = tf.Variable(tf.truncated_normal([6, 5], stddev=0.1))
    net = tf.nn.relu(batch_norm(tf.matmul(net, w), 5, [0], "bn2"))
    w = tf.Variable(tf.truncated_normal([5, 3], stddev=0.1))
    out = tf.matmul(net, w) + tf.Variable(tf.zeros([3]))
    train = endings.fed(endings.notes(out, 3), {**data, phase_train: True})
    return Program(data, out, feed={phase_train: False}, train=train)


@case
def bn_raw_assign_decay():
    """The R2RT recipe: pop_mean, pop_var, tf.assign with decay, is_training a Python bool."""
    x, data = vectors()
    y = tf.placeholder(tf.float32, [None, 3])

    def wrapper(inputs, is_training, scope, reuse):
        with tf.variable_scope(scope, reuse=reuse):
            size = inputs.get_shape()[-1]
            scale = tf.get_variable("scale", [size], initializer=tf.ones_initializer())
            beta = tf.get_variable("beta", [size], initializer=tf.zeros_initializer())
            pop_mean = tf.get_variable(
                "pop_mean", [size], initializer=tf.zeros_initializer(), trainable=False
            )
            pop_var = tf.get_variable(
                "pop_var", [size], initializer=tf.ones_initializer(), trainable=False
            )
            if not is_training:
                return tf.nn.batch_normalization(inputs, pop_mean, pop_var, beta, scale, 1e-3)
            mean, var = tf.nn.moments(inputs, [0])
            train_mean = tf.assign(pop_mean, pop_mean * 0.9 + mean * 0.1)
            train_var = tf.assign(pop_var, pop_var * 0.9 + var * 0.1)
            with tf.control_dependencies([train_mean, train_var]):
                return tf.nn.batch_normalization(inputs, mean, var, beta, scale, 1e-3)

    def network(is_training, reuse):
        with tf.variable_scope("net", reuse=reuse):
            w1 = tf.get_variable("w1", [10, 8])
            w2 = tf.get_variable("w2", [8, 3])
        net = tf.sigmoid(wrapper(tf.matmul(x, w1), is_training, "bn", reuse))
        return tf.matmul(net, w2)

    loss = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(logits=network(True, False), labels=y)
    )
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    out = tf.nn.softmax(network(False, True), name="inference")
    return Program(data, out, train=(train, {**data, y: abs(normal(EXAMPLES, 3))}))


@case
def bn_raw_fused_op():
    """tf.nn.fused_batch_norm itself, moving averages assigned by hand."""
    x, data = images()
    w = tf.get_variable("weights", [3, 3, 3, 6])
    net = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")
    scale = tf.get_variable("scale", [6], initializer=tf.ones_initializer())
    offset = tf.get_variable("offset", [6], initializer=tf.zeros_initializer())
    mean = tf.get_variable("moving_mean", [6], trainable=False, initializer=tf.zeros_initializer())
    var = tf.get_variable(
        "moving_variance", [6], trainable=False, initializer=tf.ones_initializer()
    )
    _, batch_mean, batch_var = tf.nn.fused_batch_norm(net, scale, offset)
    update = tf.group(
        moving_averages.assign_moving_average(mean, batch_mean, 0.9),
        moving_averages.assign_moving_average(var, batch_var, 0.9, zero_debias=False),
    )
    net, _, _ = tf.nn.fused_batch_norm(net, scale, offset, mean, var, is_training=False)
    out = tf.layers.dense(tf.layers.flatten(tf.nn.relu(net)), 3, name="fc")
    return Program(data, out, train=(update, data))


@case
def bn_frozen_cond():
    """A frozen graph with a fused batch norm in tf.cond and its is_training placeholder."""
    x, data = images()
    training = tf.placeholder(tf.bool, [], name="is_training")
    net = tf.layers.conv2d(x, 6, 3, name="conv")
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=training, name="bn"))
    net = tf.layers.flatten(net)
    out = tf.nn.softmax(tf.layers.dense(net, 4, name="fc"), name="probabilities")
    loss = -tf.reduce_mean(tf.log(out[:, 0]))
    train = after_updates(tf.train.GradientDescentOptimizer(0.01), loss)
    return Program(
        data, out, feed={training: False}, form="frozen", train=(train, {**data, training: True})
    )


@case
def bn_folded_frozen():
    """A frozen graph whose batch norm was folded into the convolution by transform_graph."""
    x, data = images()
    net = tf.layers.conv2d(x, 6, 3, use_bias=False, name="conv")
    net = tf.layers.batch_normalization(net, training=False, fused=False, name="bn")
    net = tf.layers.flatten(tf.nn.relu6(net))
    net = tf.layers.dense(net, 8, use_bias=False, name="fc1")
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=False, name="bn2"))
    out = tf.nn.softmax(tf.layers.dense(net, 4, name="fc2"), name="probs")
    return Program(data, out, form="folded")


@case
def bn_saved_model_without_training():
    """A SavedModel with nested scopes, training=False by default, signature on logits."""
    x, data = vectors(name="inputs")
    with tf.variable_scope("tower_0/block"):
        net = tf.layers.dense(x, 8, name="a")
        net = tf.nn.relu(tf.layers.batch_normalization(net, name="a_bn"))
        net = tf.layers.dense(net, 8, name="b")
        net = tf.nn.relu(tf.layers.batch_normalization(net, name="b_bn"))
    out = tf.layers.dense(net, 3, name="logits")
    return Program(data, out, form="saved_model")


@case
def layer_norm_contrib():
    """tf.contrib.layers.layer_norm after dense and after conv (begin_norm_axis 1), activation."""
    x, data = images()
    net = tf.layers.conv2d(x, 5, 3, name="conv")
    net = layers.layer_norm(net, activation_fn=tf.nn.relu)
    net = tf.layers.dense(tf.layers.flatten(net), 9, name="fc")
    net = tf.nn.relu(layers.layer_norm(net, scope="norm"))
    out = tf.layers.dense(net, 3, name="out")
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def layer_norm_raw():
    """By hand: moments on the last axis, gamma * (x - mean) / (var + eps) ** .5 + beta."""
    x = tf.placeholder(tf.float32, [None, 5, 8], name="x")

    def normalize(inputs, scope, epsilon=1e-8):
        with tf.variable_scope(scope):
            shape = inputs.get_shape()[-1:]
            mean, variance = tf.nn.moments(inputs, [-1], keep_dims=True)
            beta = tf.get_variable("beta", shape, initializer=tf.zeros_initializer())
            gamma = tf.get_variable("gamma", shape, initializer=tf.ones_initializer())
            return gamma * ((inputs - mean) / ((variance + epsilon) ** 0.5)) + beta

    def normalize_rsqrt(inputs, scope, epsilon=1e-6):
        with tf.variable_scope(scope):
            scale = tf.get_variable("scale", [8], initializer=tf.ones_initializer())
            bias = tf.get_variable("bias", [8], initializer=tf.zeros_initializer())
            mean = tf.reduce_mean(inputs, axis=[-1], keepdims=True)
            variance = tf.reduce_mean(tf.square(inputs - mean), axis=[-1], keepdims=True)
            return (inputs - mean) * tf.rsqrt(variance + epsilon) * scale + bias

    net = normalize(tf.layers.dense(x, 8, tf.nn.relu), "ln1")
    net = normalize_rsqrt(net + tf.layers.dense(net, 8), "ln2")
    out = tf.layers.dense(net, 3, name="out")
    return Program({x: normal(EXAMPLES, 5, 8)}, out)


@case
def instance_norm_both():
    """tf.contrib.layers.instance_norm and the CycleGAN's raw one (moments over height, width)."""
    x, data = images()
    net = tf.layers.conv2d(x, 6, 3, padding="same", name="conv1")
    net = tf.nn.relu(layers.instance_norm(net))
    net = tf.layers.conv2d(net, 5, 3, padding="same", name="conv2")
    with tf.variable_scope("instance_norm"):
        depth = net.get_shape()[3]
        initializer = tf.random_normal_initializer(1.0, 0.02, dtype=tf.float32)
        scale = tf.get_variable("scale", [depth], initializer=initializer)
        offset = tf.get_variable("offset", [depth], initializer=tf.constant_initializer(0.0))
        mean, variance = tf.nn.moments(net, axes=[1, 2], keep_dims=True)
        inv = tf.rsqrt(variance + 1e-5)
        net = scale * ((net - mean) * inv) + offset
    net = tf.nn.leaky_relu(net)
    out = tf.nn.tanh(tf.layers.conv2d(net, 3, 1, name="conv3"), name="generated")
    return Program(data, out)


@case
def bn_control_flow_v2():
    """Control flow v2: the batch norm's cond is an If op with functions; resource variables."""
    tf.enable_control_flow_v2()
    try:
        x, data = images()
        training = tf.placeholder_with_default(False, [], name="training")
        with tf.variable_scope("net", use_resource=True):
            net = tf.layers.conv2d(x, 6, 3, name="conv")
            net = tf.nn.relu(tf.layers.batch_normalization(net, training=training, name="bn"))
            out = tf.layers.dense(tf.layers.flatten(net), 3, name="fc")
        train = endings.fed(endings.estimator(out, 3), {**data, training: True})
        return Program(data, out, train=train)
    finally:
        tf.disable_control_flow_v2()
