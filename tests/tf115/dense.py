"""Dense networks in the spellings that TF1 authors used."""

import math

import numpy as np
import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal, one_hot, random

slim = tf.contrib.slim


@case
def notes_dict_mlp():
    """Dictionaries of unnamed variables, tf.add(tf.matmul), unnamed float placeholders."""
    n_input, n_hidden_1, n_hidden_2, n_classes = 20, 12, 9, 4
    x = tf.placeholder("float", [None, n_input])
    y = tf.placeholder("float", [None, n_classes])
    weights = {
        "h1": tf.Variable(tf.random_normal([n_input, n_hidden_1])),
        "h2": tf.Variable(tf.random_normal([n_hidden_1, n_hidden_2])),
        "out": tf.Variable(tf.random_normal([n_hidden_2, n_classes])),
    }
    biases = {
        "b1": tf.Variable(tf.random_normal([n_hidden_1])),
        "b2": tf.Variable(tf.random_normal([n_hidden_2])),
        "out": tf.Variable(tf.random_normal([n_classes])),
    }
    layer_1 = tf.nn.relu(tf.add(tf.matmul(x, weights["h1"]), biases["b1"]))
    layer_2 = tf.nn.relu(tf.add(tf.matmul(layer_1, weights["h2"]), biases["b2"]))
    pred = tf.matmul(layer_2, weights["out"]) + biases["out"]
    data = {x: normal(EXAMPLES, n_input)}
    return Program(data, pred, train=endings.fed(endings.notes(pred, n_classes, y), data))


@case
def xw_plus_b_scopes():
    """name_scope, get_variable with xavier, tf.nn.xw_plus_b named scores, dropout, summaries."""
    x = tf.placeholder(tf.float32, [None, 15], name="input_x")
    keep = tf.placeholder(tf.float32, name="dropout_keep_prob")
    xavier = tf.contrib.layers.xavier_initializer()
    with tf.name_scope("hidden"):
        w1 = tf.get_variable("W1", shape=[15, 10], initializer=xavier)
        b1 = tf.Variable(tf.constant(0.1, shape=[10]), name="b1")
        hidden = tf.nn.tanh(tf.nn.xw_plus_b(x, w1, b1), name="tanh")
        hidden = tf.nn.dropout(hidden, keep)
    with tf.name_scope("output"):
        w2 = tf.get_variable("W2", shape=[10, 3], initializer=xavier)
        b2 = tf.Variable(tf.constant(0.1, shape=[3]), name="b2")
        scores = tf.nn.xw_plus_b(hidden, w2, b2, name="scores")
    data = {x: normal(EXAMPLES, 15)}
    train = endings.fed(endings.scoped(scores, 3), {**data, keep: 0.5})
    return Program(data, scores, feed={keep: 1.0}, train=train)


@case
def layers_dense_activations():
    """tf.layers.dense(activation=…): relu6, softplus, softsign, swish, sigmoid; no bias once."""
    x = tf.placeholder(tf.float32, [None, 11], name="x")
    net = tf.layers.dense(x, 12, activation=tf.nn.relu6, name="fc1")
    net = tf.layers.dense(net, 10, activation=tf.nn.softplus, name="fc2")
    net = tf.layers.dense(net, 10, tf.nn.softsign, use_bias=False, name="fc3")
    net = tf.layers.dense(net, 9, activation=tf.nn.swish, name="fc4")
    net = tf.layers.dense(net, 8, activation=tf.sigmoid, name="fc5")
    logits = tf.layers.dense(net, 5, name="logits")
    data = {x: normal(EXAMPLES, 11)}
    return Program(data, logits, train=endings.fed(endings.estimator(logits, 5), data))


@case
def contrib_fully_connected():
    """tf.contrib.layers.fully_connected: relu by default, l2 regularizer, normalizer none."""
    inputs = tf.placeholder(tf.float32, shape=(None, 14), name="inputs")
    l2 = tf.contrib.layers.l2_regularizer(0.01)
    net = tf.contrib.layers.fully_connected(inputs, 12, weights_regularizer=l2)
    net = tf.contrib.layers.fully_connected(net, 8, activation_fn=tf.nn.elu)
    logits = tf.contrib.layers.fully_connected(net, 3, activation_fn=None)
    data = {inputs: normal(EXAMPLES, 14)}
    return Program(data, logits, train=endings.fed(endings.slim(logits, 3), data))


@case
def slim_stack_dropout():
    """slim.arg_scope, slim.stack of fully_connected, slim.dropout switched by a placeholder."""
    images = tf.placeholder(tf.float32, [None, 6, 6, 1], name="images")
    is_training = tf.placeholder(tf.bool, [], name="is_training")
    with slim.arg_scope(
        [slim.fully_connected],
        activation_fn=tf.nn.relu,
        weights_regularizer=slim.l2_regularizer(0.0005),
    ):
        net = slim.flatten(images)
        net = slim.stack(net, slim.fully_connected, [16, 8], scope="fc")
        net = slim.dropout(net, 0.5, is_training=is_training, scope="dropout")
        logits = slim.fully_connected(net, 4, activation_fn=None, scope="logits")
    data = {images: normal(EXAMPLES, 6, 6, 1)}
    train = endings.fed(endings.slim(logits, 4), {**data, is_training: True})
    return Program(data, logits, feed={is_training: False}, train=train)


@case
def keras_sequential():
    """tf.keras Sequential in graph mode, saved through its session with a Saver."""
    session = tf.Session()
    tf.keras.backend.set_session(session)
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(12, activation="relu", input_shape=(10,)),
            tf.keras.layers.Dropout(0.3),
            tf.keras.layers.Dense(8, activation="tanh"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    data = normal(EXAMPLES, 10)
    session.run(tf.global_variables_initializer())
    for _ in range(3):
        model.train_on_batch(data, one_hot(3))
    return Program({model.input: data}, model.output, session=session)


@case
def keras_functional_bn():
    """tf.keras functional model with batch norm, dropout, LeakyReLU (0.3) and a concatenation."""
    session = tf.Session()
    tf.keras.backend.set_session(session)
    inputs = tf.keras.Input(shape=(9,), name="features")
    net = tf.keras.layers.Dense(12, use_bias=False, name="stem")(inputs)
    net = tf.keras.layers.BatchNormalization(name="bn")(net)
    net = tf.keras.layers.LeakyReLU()(net)
    side = tf.keras.layers.Dense(5, activation="elu", name="side")(inputs)
    net = tf.keras.layers.concatenate([net, side])
    net = tf.keras.layers.Dropout(0.25)(net)
    outputs = tf.keras.layers.Dense(2, name="head")(net)
    model = tf.keras.Model(inputs, outputs)
    model.compile(tf.keras.optimizers.SGD(0.01), "mse")
    data = normal(EXAMPLES, 9)
    session.run(tf.global_variables_initializer())
    for _ in range(3):
        model.train_on_batch(data, normal(EXAMPLES, 2, salt=2))
    return Program({inputs: data}, outputs, session=session)


@case
def activations_by_hand():
    """Leaky relu by maximum, PReLU, GELU by erf and by tanh, swish by product, crelu, hard clip."""
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    net = tf.layers.dense(x, 10, name="a")
    net = tf.maximum(0.1 * net, net)
    net = tf.layers.dense(net, 10, name="b")
    alpha = tf.get_variable("alpha", [10], initializer=tf.constant_initializer(0.25))
    net = tf.nn.relu(net) + alpha * (net - tf.abs(net)) * 0.5
    net = tf.layers.dense(net, 10, name="c")
    net = 0.5 * net * (1.0 + tf.erf(net / tf.sqrt(2.0)))
    net = tf.layers.dense(net, 10, name="d")
    cdf = 0.5 * (1.0 + tf.tanh(math.sqrt(2 / math.pi) * (net + 0.044715 * tf.pow(net, 3))))
    net = net * cdf
    net = tf.layers.dense(net, 10, name="e")
    net = net * tf.sigmoid(net)
    net = tf.layers.dense(net, 6, name="f", activation=tf.nn.crelu)
    net = tf.clip_by_value(tf.layers.dense(net, 6, name="g"), -2.0, 2.0)
    out = tf.layers.dense(net, 3, name="out")
    return Program({x: normal(EXAMPLES, 8)}, out)


@case
def leaky_relu_slopes():
    """tf.nn.leaky_relu with its default 0.2, alpha given, and by maximum with a multiply."""
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    net = tf.layers.dense(x, 10, activation=tf.nn.leaky_relu)
    net = tf.nn.leaky_relu(tf.layers.dense(net, 10), alpha=0.01)
    net = tf.layers.dense(net, 10)
    net = tf.maximum(net, tf.multiply(net, 0.3))
    net = tf.layers.dense(net, 10, activation=lambda t: tf.nn.leaky_relu(t, 0.05))
    out = tf.layers.dense(net, 2, activation=tf.nn.tanh)
    return Program({x: normal(EXAMPLES, 8)}, out)


@case
def binary_sigmoid():
    """One logit, sigmoid cross entropy, a rounded prediction and its accuracy."""
    x = tf.placeholder(tf.float32, [None, 7], name="X")
    y = tf.placeholder(tf.float32, [None, 1], name="Y")
    w1 = tf.get_variable("W1", [7, 10], initializer=tf.contrib.layers.xavier_initializer(seed=1))
    b1 = tf.get_variable("b1", [1, 10], initializer=tf.zeros_initializer())
    w2 = tf.get_variable("W2", [10, 1], initializer=tf.contrib.layers.xavier_initializer(seed=1))
    b2 = tf.get_variable("b2", [1, 1], initializer=tf.zeros_initializer())
    a1 = tf.nn.relu(tf.add(tf.matmul(x, w1), b1))
    z2 = tf.add(tf.matmul(a1, w2), b2)
    cost = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=z2, labels=y))
    train = tf.train.AdamOptimizer(learning_rate=0.0075).minimize(cost)
    predicted = tf.round(tf.sigmoid(z2))
    tf.reduce_mean(tf.cast(tf.equal(predicted, y), tf.float32))
    data = {x: normal(EXAMPLES, 7)}
    labels = random(4).randint(0, 2, (EXAMPLES, 1)).astype("float32")
    return Program(data, z2, train=(train, {**data, y: labels}))


@case
def columns_as_examples():
    """A course's layout: W X + b with one example a column, logits transposed for the loss."""
    x = tf.placeholder(tf.float32, [12, None], name="X")
    y = tf.placeholder(tf.float32, [4, None], name="Y")
    w1 = tf.get_variable("W1", [9, 12], initializer=tf.contrib.layers.xavier_initializer(seed=1))
    b1 = tf.get_variable("b1", [9, 1], initializer=tf.zeros_initializer())
    w2 = tf.get_variable("W2", [4, 9], initializer=tf.contrib.layers.xavier_initializer(seed=1))
    b2 = tf.get_variable("b2", [4, 1], initializer=tf.zeros_initializer())
    z2 = tf.add(tf.matmul(w2, tf.nn.relu(tf.add(tf.matmul(w1, x), b1))), b2)
    logits, labels = tf.transpose(z2), tf.transpose(y)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=labels))
    train = tf.train.AdamOptimizer(0.001).minimize(cost)
    data = {x: normal(12, EXAMPLES)}
    return Program(data, logits, train=(train, {**data, y: one_hot(4).T}))


@case
def softmax_by_hand():
    """pred = softmax(xW + b), cost = -sum(y log(pred)) with reduction_indices, as in notes."""
    x = tf.placeholder(tf.float32, [None, 13])
    y = tf.placeholder(tf.float32, [None, 5])
    w = tf.Variable(tf.zeros([13, 5]))
    b = tf.Variable(tf.zeros([5]))
    pred = tf.nn.softmax(tf.matmul(x, w) + b)
    cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(pred), reduction_indices=1))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
    data = {x: normal(EXAMPLES, 13)}
    return Program(data, pred, train=(train, {**data, y: one_hot(5)}))


@case
def linear_regression_scalars():
    """Two scalar variables and placeholders without a shape: pred = X W + b."""
    x = tf.placeholder("float")
    y = tf.placeholder("float")
    w = tf.Variable(0.5, name="weight")
    b = tf.Variable(-0.3, name="bias")
    pred = tf.add(tf.multiply(x, w), b)
    cost = tf.reduce_sum(tf.pow(pred - y, 2)) / (2 * EXAMPLES)
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    data = {x: normal(EXAMPLES)}
    return Program(data, pred, train=(train, {**data, y: normal(EXAMPLES, salt=1)}))


@case
def dropout_three_ways():
    """keep_prob with a default, rate=, and tf.layers.dropout(training=placeholder)."""
    x = tf.placeholder(tf.float32, [None, 10], name="x")
    keep_prob = tf.placeholder_with_default(1.0, shape=(), name="keep_prob")
    training = tf.placeholder_with_default(False, shape=(), name="training")
    rate = tf.placeholder_with_default(0.0, shape=(), name="rate")
    net = tf.nn.dropout(tf.layers.dense(x, 16, tf.nn.relu), keep_prob=keep_prob)
    net = tf.nn.dropout(tf.layers.dense(net, 16, tf.nn.relu), rate=rate)
    net = tf.layers.dropout(tf.layers.dense(net, 16, tf.nn.relu), 0.4, training=training)
    out = tf.layers.dense(net, 3)
    data = {x: normal(EXAMPLES, 10)}
    feeds = {**data, keep_prob: 0.7, rate: 0.2, training: True}
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), feeds))


@case
def notebook_leftovers():
    """A cell run again: the network twice, unused placeholders, stray variables, constants."""
    tf.Variable(3.0, name="learning")
    tf.Variable(tf.random_normal([4, 4]), name="scratch")
    tf.placeholder(tf.float32, name="unused")
    tf.add(tf.constant(2), tf.constant(3))
    for _ in range(2):
        x = tf.placeholder(tf.float32, [None, 6], name="x")
        y = tf.placeholder(tf.float32, [None, 3], name="y")
        hidden = tf.layers.dense(x, 8, activation=tf.nn.relu)
        logits = tf.layers.dense(hidden, 3)
    data = {x: normal(EXAMPLES, 6)}
    return Program(data, logits, train=endings.fed(endings.notes(logits, 3, y), data))


@case
def dense_on_sequences():
    """tf.layers.dense on rank 3 (Tensordot), then a mean over time."""
    x = tf.placeholder(tf.float32, [None, 6, 5], name="frames")
    net = tf.layers.dense(x, 7, activation=tf.nn.relu, name="frame")
    out = tf.layers.dense(tf.reduce_mean(net, axis=1), 3, name="score")
    data = {x: normal(EXAMPLES, 6, 5)}
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def model_fn_modes():
    """An Estimator-like function: -1 reshape, dense, dropout by mode, sparse loss, predictions."""
    features = tf.placeholder(tf.float32, [None, 8, 8], name="features")
    mode = tf.placeholder(tf.bool, name="is_training")
    net = tf.reshape(features, [-1, 64])
    net = tf.layers.dense(inputs=net, units=16, activation=tf.nn.relu)
    net = tf.layers.dropout(inputs=net, rate=0.4, training=mode)
    logits = tf.layers.dense(inputs=net, units=4)
    data = {features: normal(EXAMPLES, 8, 8)}
    train = endings.fed(endings.estimator(logits, 4), {**data, mode: True})
    return Program(data, logits, feed={mode: False}, train=train)


@case
def resource_variables():
    """use_resource=True in a scope; reads in several styles (VarHandleOp, ReadVariableOp)."""
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    with tf.variable_scope("net", use_resource=True):
        w = tf.get_variable("w", [6, 9])
        b = tf.get_variable("b", [9], initializer=tf.zeros_initializer())
        hidden = tf.nn.selu(tf.matmul(x, w) + b)
        logits = tf.layers.dense(hidden, 4, name="logits")
    data = {x: normal(EXAMPLES, 6)}
    return Program(data, logits, train=endings.fed(endings.scoped(logits, 4), data))


@case
def frozen_dropout_graph():
    """A frozen graph that still holds keep_prob and the dropout ops; output a softmax."""
    x = tf.placeholder(tf.float32, [None, 9], name="input")
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")
    w1 = tf.Variable(tf.truncated_normal([9, 12], stddev=0.3))
    b1 = tf.Variable(tf.constant(0.1, shape=[12]))
    hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w1) + b1), keep_prob)
    w2 = tf.Variable(tf.truncated_normal([12, 4], stddev=0.3))
    b2 = tf.Variable(tf.constant(0.1, shape=[4]))
    out = tf.nn.softmax(tf.matmul(hidden, w2) + b2, name="output")
    return Program({x: normal(EXAMPLES, 9)}, out, feed={keep_prob: 1.0}, form="frozen")


@case
def saved_model_signature():
    """A SavedModel whose signature names the probabilities; labels and Adam inside."""
    x = tf.placeholder(tf.float32, [None, 9], name="features")
    hidden = tf.layers.dense(x, 10, tf.nn.relu, name="hidden")
    logits = tf.layers.dense(hidden, 4, name="logits")
    probabilities = tf.nn.softmax(logits, name="probabilities")
    train = endings.notes(logits, 4)
    signature = tf.saved_model.signature_def_utils.predict_signature_def(
        {"features": x}, {"probabilities": probabilities}
    )
    data = {x: normal(EXAMPLES, 9)}
    return Program(
        data,
        probabilities,
        train=endings.fed(train, data),
        form="saved_model",
        signatures={"serving_default": signature},
    )


@case
def v1_saver_scaled_input():
    """V1 checkpoint format; input scaled by constants (x / 255 - 0.5)."""
    x = tf.placeholder(tf.float32, [None, 10], name="pixels")
    net = x / 255.0 - 0.5
    net = tf.layers.dense(net, 8, activation=tf.nn.relu)
    out = tf.nn.softmax(tf.layers.dense(net, 3), name="prediction")
    values = random(2).randint(0, 256, (EXAMPLES, 10)).astype("float32")
    return Program({x: np.asarray(values)}, out, form="v1")
