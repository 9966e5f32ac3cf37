"""Writes the graphs in data/ with real TensorFlow 1.15: one small training program a file.

Run it with a Python 3.7 that has tensorflow==1.15.5:  python tests/graph/make_graphs.py
data/graphs.tar.xz holds a MetaGraphDef a case (together they shrink to a tenth);
data/expected.json what each program was told, as the oracle.
"""

# ruff: noqa: B905, C408, E501, SIM115, UP031 - Python 3.7, and calls written as users write them

import io
import json
import os
import tarfile

import numpy as np
import tensorflow as tf

tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
EXPECTED = {}
ARCHIVE = tarfile.open(os.path.join(HERE, "graphs.tar.xz"), "w:xz")


def case(name):
    """Registers a function that builds a graph in the default graph and returns its facts."""

    def register(build):
        tf.compat.v1.reset_default_graph()
        tf.compat.v1.set_random_seed(0)
        facts = build() or {}
        saver = tf.compat.v1.train.Saver() if tf.compat.v1.global_variables() else None
        meta = tf.compat.v1.train.export_meta_graph(
            saver_def=saver.as_saver_def() if saver else None, clear_devices=True
        )
        meta.meta_info_def.ClearField("stripped_op_list")
        data = meta.SerializeToString(deterministic=True)
        entry = tarfile.TarInfo(name + ".meta")
        entry.size = len(data)
        ARCHIVE.addfile(entry, io.BytesIO(data))
        EXPECTED[name] = facts
        return build

    return register


def mlp(resource=False):
    """x (3) → dense 4 relu → dense 2; returns x, y (one-hot), logits."""
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
    y = tf.compat.v1.placeholder(tf.float32, [None, 2], "y")
    with tf.compat.v1.variable_scope("net", use_resource=resource):
        hidden = tf.compat.v1.layers.dense(x, 4, tf.nn.relu, name="hidden")
        logits = tf.compat.v1.layers.dense(hidden, 2, name="head")
    return x, y, logits


def cross_entropy(y, logits):
    return tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits), name="cost"
    )


train = tf.compat.v1.train
OPTIMIZERS = {
    "sgd": (train.GradientDescentOptimizer, dict(learning_rate=0.5), {}),
    "momentum": (train.MomentumOptimizer, dict(learning_rate=0.1, momentum=0.9), {}),
    "nesterov": (
        train.MomentumOptimizer,
        dict(learning_rate=0.1, momentum=0.8, use_nesterov=True),
        {},
    ),
    "adagrad": (train.AdagradOptimizer, dict(learning_rate=0.1), {}),
    "adadelta": (train.AdadeltaOptimizer, dict(learning_rate=0.2, rho=0.9, epsilon=1e-6), {}),
    "rmsprop": (
        train.RMSPropOptimizer,
        dict(learning_rate=0.01, decay=0.8, momentum=0.3, epsilon=1e-5),
        {},
    ),
    "rmsprop_centered": (
        train.RMSPropOptimizer,
        dict(learning_rate=0.01, decay=0.8, momentum=0.3, epsilon=1e-5, centered=True),
        {},
    ),
    "adam": (
        train.AdamOptimizer,
        dict(learning_rate=0.02, beta1=0.8, beta2=0.99, epsilon=1e-6),
        {},
    ),
    "ftrl": (
        train.FtrlOptimizer,
        dict(
            learning_rate=0.1,
            learning_rate_power=-0.4,
            l1_regularization_strength=0.01,
            l2_regularization_strength=0.02,
        ),
        {},
    ),
    "ftrl_v2": (
        train.FtrlOptimizer,
        dict(learning_rate=0.1, l2_shrinkage_regularization_strength=0.03),
        {},
    ),
    "proximal_sgd": (
        train.ProximalGradientDescentOptimizer,
        dict(learning_rate=0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
        {},
    ),
    "proximal_adagrad": (
        train.ProximalAdagradOptimizer,
        dict(learning_rate=0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
        {},
    ),
    "adagrad_da": (
        train.AdagradDAOptimizer,
        dict(learning_rate=0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
        {},
    ),
}


def optimizer_case(name, make, arguments, resource):
    @case("optimizer_%s%s" % (name, "_resource" if resource else ""))
    def build():
        _, y, logits = mlp(resource)
        step = train.get_or_create_global_step()
        extra = {"global_step": step} if make is train.AdagradDAOptimizer else {}
        optimizer = make(**dict(arguments, **extra))
        optimizer.minimize(cross_entropy(y, logits), global_step=step)
        variables = tf.compat.v1.trainable_variables()
        return {
            "optimizer": make.__name__,
            "arguments": arguments,
            "step": step.op.name,
            "logits": logits.name,
            "slots": {
                v.op.name: {s: optimizer.get_slot(v, s).op.name for s in optimizer.get_slot_names()}
                for v in variables
            },
            "loss": "cost:0",
        }


for _name, (_make, _arguments, _) in OPTIMIZERS.items():
    optimizer_case(_name, _make, _arguments, resource=False)
    if _name in ("sgd", "adam", "ftrl_v2", "rmsprop_centered"):
        optimizer_case(_name, _make, _arguments, resource=True)

SCHEDULES = {
    "exponential": (
        train.exponential_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.9),
    ),
    "exponential_staircase": (
        train.exponential_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.9, staircase=True),
    ),
    "natural_exp": (
        train.natural_exp_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.5),
    ),
    "natural_exp_staircase": (
        train.natural_exp_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.5, staircase=True),
    ),
    "inverse_time": (
        train.inverse_time_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.5),
    ),
    "inverse_time_staircase": (
        train.inverse_time_decay,
        dict(learning_rate=0.1, decay_steps=7, decay_rate=0.5, staircase=True),
    ),
    "polynomial": (
        train.polynomial_decay,
        dict(learning_rate=0.1, decay_steps=50, end_learning_rate=0.01, power=2.0),
    ),
    "polynomial_linear": (
        train.polynomial_decay,
        dict(learning_rate=0.1, decay_steps=50, end_learning_rate=0.01),
    ),
    "polynomial_cycle": (
        train.polynomial_decay,
        dict(learning_rate=0.1, decay_steps=50, end_learning_rate=0.01, power=2.0, cycle=True),
    ),
    "piecewise": (
        train.piecewise_constant,
        dict(boundaries=[10, 20, 35], values=[0.1, 0.05, 0.02, 0.001]),
    ),
    "cosine": (train.cosine_decay, dict(learning_rate=0.1, decay_steps=50, alpha=0.1)),
    "cosine_restarts": (
        train.cosine_decay_restarts,
        dict(learning_rate=0.1, first_decay_steps=10, t_mul=1.5, m_mul=0.8, alpha=0.1),
    ),
    "cosine_restarts_plain": (
        train.cosine_decay_restarts,
        dict(learning_rate=0.1, first_decay_steps=10, t_mul=1.0),
    ),
    "linear_cosine": (
        train.linear_cosine_decay,
        dict(learning_rate=0.1, decay_steps=50, num_periods=0.5, alpha=0.1, beta=0.01),
    ),
    "noisy_linear_cosine": (
        train.noisy_linear_cosine_decay,
        dict(learning_rate=0.1, decay_steps=50, initial_variance=0.5, variance_decay=0.6),
    ),
}


def schedule_case(name, make, arguments):
    @case("schedule_" + name)
    def build():
        _, y, logits = mlp()
        step = tf.Variable(0, trainable=False, name="my_step")
        if make is train.piecewise_constant:
            rate = make(step, **arguments)
        else:
            rate = make(global_step=step, **arguments)
        train.MomentumOptimizer(rate, 0.9).minimize(cross_entropy(y, logits), global_step=step)
        values = {}
        if "noisy" not in name:
            with tf.compat.v1.Session() as session:
                for at in (0, 1, 6, 7, 10, 11, 25, 49, 50, 77, 130):
                    values[at] = float(session.run(rate, {step: at}))
        return {
            "schedule": make.__name__,
            "arguments": arguments,
            "values": values,
            "step": "my_step",
        }


for _name, (_make, _arguments) in SCHEDULES.items():
    schedule_case(_name, _make, _arguments)


def loss_case(name, kind, **more):
    """A loss on logits of two units, minimized by SGD."""

    def register(build_loss):
        @case("loss_" + name)
        def build():
            _, y, logits = mlp()
            loss = build_loss(y, logits)
            train.GradientDescentOptimizer(0.1).minimize(loss)
            facts = {"kind": kind, "loss": loss.name, "logits": logits.name, "labels": ["y:0"]}
            facts.update(more)
            return facts

        return build_loss

    return register


nn, losses = tf.compat.v1.nn, tf.compat.v1.losses


@loss_case("softmax_v1", "softmax_cross_entropy", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))


@loss_case("softmax_sum", "softmax_cross_entropy", reduction="sum")
def _(y, logits):
    return tf.reduce_sum(nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))


@loss_case("softmax_losses", "softmax_cross_entropy", reduction="mean")
def _(y, logits):
    return losses.softmax_cross_entropy(y, logits)


@loss_case("softmax_smoothed", "softmax_cross_entropy", reduction="mean", label_smoothing=0.1)
def _(y, logits):
    return losses.softmax_cross_entropy(y, logits, label_smoothing=0.1)


@loss_case("sigmoid", "sigmoid_cross_entropy", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))


@loss_case("sigmoid_losses", "sigmoid_cross_entropy", reduction="mean")
def _(y, logits):
    return losses.sigmoid_cross_entropy(y, logits)


@loss_case("squared", "squared_error", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(tf.square(logits - y))


@loss_case("squared_sum", "squared_error", reduction="sum")
def _(y, logits):
    return tf.reduce_sum(tf.square(y - logits))


@loss_case("squared_pow", "squared_error", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(tf.pow(logits - y, 2))


@loss_case("squared_pow_2n", "squared_error", reduction="sum", scale=0.01)
def _(y, logits):
    return tf.reduce_sum(tf.pow(logits - y, 2)) / (2 * 50)


@loss_case("squared_difference", "squared_error", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(tf.math.squared_difference(logits, y))


@loss_case("squared_losses", "squared_error", reduction="mean")
def _(y, logits):
    return losses.mean_squared_error(y, logits)


@loss_case("squared_losses_weighted", "squared_error", reduction="mean", scale=0.3)
def _(y, logits):
    return losses.mean_squared_error(y, logits, weights=0.3)


@loss_case("l2_loss", "squared_error", reduction="sum", scale=0.5)
def _(y, logits):
    return tf.nn.l2_loss(logits - y)


@loss_case("rmse", "root_mean_squared_error", reduction="mean")
def _(y, logits):
    return tf.sqrt(tf.reduce_mean(tf.square(logits - y)))


@loss_case("absolute", "absolute_error", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(tf.abs(logits - y))


@loss_case("absolute_losses", "absolute_error", reduction="mean")
def _(y, logits):
    return losses.absolute_difference(y, logits)


@loss_case("huber", "huber", reduction="mean", delta=0.7)
def _(y, logits):
    return losses.huber_loss(y, logits, delta=0.7)


@loss_case("hinge", "hinge", reduction="mean")
def _(y, logits):
    return losses.hinge_loss(y, logits)


@loss_case("log_losses", "log_loss", reduction="mean")
def _(y, logits):
    return losses.log_loss(y, tf.nn.sigmoid(logits))


@loss_case("log_softmax_rows", "categorical_cross_entropy", reduction="mean")
def _(y, logits):
    return tf.reduce_mean(-tf.reduce_sum(y * tf.math.log(tf.nn.softmax(logits)), 1))


@loss_case("log_softmax_sum", "categorical_cross_entropy", reduction="sum")
def _(y, logits):
    return -tf.reduce_sum(y * tf.math.log(tf.nn.softmax(logits)))


@loss_case("log_softmax_mean", "categorical_cross_entropy", reduction="mean", scale=0.5)
def _(y, logits):
    return tf.reduce_mean(-y * tf.nn.log_softmax(logits))


@loss_case("log_softmax_clipped", "categorical_cross_entropy", reduction="mean", clip=1e-10)
def _(y, logits):
    return tf.reduce_mean(
        -tf.reduce_sum(y * tf.math.log(tf.clip_by_value(tf.nn.softmax(logits), 1e-10, 1.0)), 1)
    )


@loss_case("binary_by_hand", "binary_cross_entropy", reduction="mean")
def _(y, logits):
    p = tf.nn.sigmoid(logits)
    return -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))


@case("loss_sparse")
def _():
    _, _, logits = mlp()
    labels = tf.compat.v1.placeholder(tf.int64, [None], "labels")
    loss = tf.reduce_mean(
        nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name="cost"
    )
    train.AdamOptimizer(0.01).minimize(loss)
    return {
        "kind": "sparse_softmax_cross_entropy",
        "loss": loss.name,
        "logits": logits.name,
        "labels": ["labels:0"],
        "reduction": "mean",
    }


@case("loss_one_hot_in_graph")
def _():
    _, _, logits = mlp()
    labels = tf.compat.v1.placeholder(tf.int32, [None], "labels")
    one_hot = tf.one_hot(labels, 2)
    loss = tf.reduce_mean(nn.softmax_cross_entropy_with_logits_v2(labels=one_hot, logits=logits))
    train.AdamOptimizer(0.01).minimize(loss)
    return {
        "kind": "softmax_cross_entropy",
        "loss": loss.name,
        "logits": logits.name,
        "labels": ["labels:0"],
        "reduction": "mean",
    }


def regularization_case(name, factors, l1=None):
    def register(build_loss):
        @case("regularization_" + name)
        def build():
            x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
            y = tf.compat.v1.placeholder(tf.float32, [None, 2], "y")
            loss, logits = build_loss(x, y)
            train.GradientDescentOptimizer(0.1).minimize(loss)
            return {
                "kind": "softmax_cross_entropy",
                "loss": loss.name,
                "logits": logits.name,
                "labels": ["y:0"],
                "reduction": "mean",
                "l2": factors,
                "l1": l1 or {},
            }

        return build_loss

    return register


@regularization_case("by_hand", {"w1": 0.01, "w2": 0.01})
def _(x, y):
    w1 = tf.Variable(tf.ones([3, 4]), name="w1")
    w2 = tf.Variable(tf.ones([4, 2]), name="w2")
    logits = tf.matmul(tf.nn.relu(tf.matmul(x, w1)), w2)
    l2 = tf.nn.l2_loss(w1) + tf.nn.l2_loss(w2)
    return cross_entropy(y, logits) + 0.01 * l2, logits


@regularization_case("inside_mean", {"w1": 0.01})
def _(x, y):
    w1 = tf.Variable(tf.ones([3, 2]), name="w1")
    logits = tf.matmul(x, w1)
    rows = nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    return tf.reduce_mean(rows + 0.01 * tf.nn.l2_loss(w1)), logits


@regularization_case("trainable_variables", {"w1": 0.001, "b1": 0.001})
def _(x, y):
    w1 = tf.Variable(tf.ones([3, 2]), name="w1")
    b1 = tf.Variable(tf.ones([2]), name="b1")
    logits = tf.matmul(x, w1) + b1
    l2 = tf.add_n([tf.nn.l2_loss(v) for v in tf.compat.v1.trainable_variables()]) * 0.001
    return cross_entropy(y, logits) + l2, logits


@regularization_case("square_sum", {"w1": 0.02})
def _(x, y):
    w1 = tf.Variable(tf.ones([3, 2]), name="w1")
    logits = tf.matmul(x, w1)
    return cross_entropy(y, logits) + 0.01 * tf.reduce_sum(tf.square(w1)), logits


@regularization_case("layers", {"d1/kernel": 0.02, "d2/kernel": 0.002}, {"d2/kernel": 0.003})
def _(x, y):
    contrib = tf.contrib.layers
    layer = tf.compat.v1.layers.dense
    hidden = layer(x, 4, tf.nn.relu, kernel_regularizer=contrib.l2_regularizer(0.02), name="d1")
    logits = layer(hidden, 2, kernel_regularizer=contrib.l1_l2_regularizer(0.003, 0.002), name="d2")
    losses.softmax_cross_entropy(y, logits)
    return losses.get_total_loss(), logits


@case("clip_by_value")
def _():
    _, y, logits = mlp()
    optimizer = train.AdamOptimizer(0.01)
    grads = optimizer.compute_gradients(cross_entropy(y, logits))
    optimizer.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in grads])
    return {"clipping": "value", "by": 1.0, "loss": "cost:0"}


@case("clip_by_global_norm")
def _():
    _, y, logits = mlp()
    variables = tf.compat.v1.trainable_variables()
    grads, _ = tf.clip_by_global_norm(tf.gradients(cross_entropy(y, logits), variables), 5.0)
    train.AdamOptimizer(0.01).apply_gradients(zip(grads, variables))
    return {"clipping": "global_norm", "by": 5.0, "loss": "cost:0"}


@case("clip_by_norm")
def _():
    _, y, logits = mlp()
    optimizer = train.AdamOptimizer(0.01)
    grads = optimizer.compute_gradients(cross_entropy(y, logits))
    optimizer.apply_gradients([(tf.clip_by_norm(g, 2.0), v) for g, v in grads])
    return {"clipping": "norm", "by": 2.0, "loss": "cost:0"}


@case("gan")
def _():
    z = tf.compat.v1.placeholder(tf.float32, [None, 5], "z")
    x = tf.compat.v1.placeholder(tf.float32, [None, 8], "x")

    def generator(z):
        with tf.compat.v1.variable_scope("generator"):
            hidden = tf.compat.v1.layers.dense(z, 6, tf.nn.relu, name="d1")
            return tf.compat.v1.layers.dense(hidden, 8, tf.nn.tanh, name="d2")

    def discriminator(x, reuse=None):
        with tf.compat.v1.variable_scope("discriminator", reuse=reuse):
            hidden = tf.compat.v1.layers.dense(x, 6, tf.nn.leaky_relu, name="d1")
            return tf.compat.v1.layers.dense(hidden, 1, name="d2")

    fake = generator(z)
    real_logits, fake_logits = discriminator(x), discriminator(fake, True)
    sce = nn.sigmoid_cross_entropy_with_logits
    d_loss = tf.reduce_mean(
        sce(labels=tf.ones_like(real_logits), logits=real_logits)
    ) + tf.reduce_mean(sce(labels=tf.zeros_like(fake_logits), logits=fake_logits))
    g_loss = tf.reduce_mean(sce(labels=tf.ones_like(fake_logits), logits=fake_logits))
    pick = lambda scope: tf.compat.v1.trainable_variables(scope)  # noqa: E731
    train.AdamOptimizer(1e-3).minimize(d_loss, var_list=pick("discriminator"))
    train.AdamOptimizer(2e-3).minimize(g_loss, var_list=pick("generator"))
    return {
        "optimizers": 2,
        "losses": [d_loss.name, g_loss.name],
        "variables": [
            sorted(v.op.name for v in pick("discriminator")),
            sorted(v.op.name for v in pick("generator")),
        ],
        "rates": [1e-3, 2e-3],
    }


@case("fed_learning_rate")
def _():
    _, y, logits = mlp()
    rate = tf.compat.v1.placeholder(tf.float32, [], "learning_rate")
    train.GradientDescentOptimizer(rate).minimize(cross_entropy(y, logits))
    return {"rate": "learning_rate:0"}


@case("learning_rate_variable")
def _():
    _, y, logits = mlp()
    rate = tf.Variable(0.25, trainable=False, name="lr")
    train.GradientDescentOptimizer(rate).minimize(cross_entropy(y, logits))
    return {"variable": "lr"}


@case("embedding_sparse_gradient")
def _():
    ids = tf.compat.v1.placeholder(tf.int32, [None, 4], "ids")
    y = tf.compat.v1.placeholder(tf.float32, [None, 2], "y")
    table = tf.compat.v1.get_variable("table", [10, 3])
    pooled = tf.reduce_mean(tf.nn.embedding_lookup(table, ids), 1)
    logits = tf.compat.v1.layers.dense(pooled, 2, name="head")
    train.AdamOptimizer(0.01).minimize(cross_entropy(y, logits))
    return {"variables": ["head/bias", "head/kernel", "table"], "loss": "cost:0", "input": "ids:0"}


@case("embedding_sparse_sgd")
def _():
    ids = tf.compat.v1.placeholder(tf.int32, [None, 4], "ids")
    y = tf.compat.v1.placeholder(tf.float32, [None, 2], "y")
    table = tf.compat.v1.get_variable("table", [10, 3])
    pooled = tf.reduce_mean(tf.nn.embedding_lookup(table, ids), 1)
    logits = tf.compat.v1.layers.dense(pooled, 2, name="head")
    train.GradientDescentOptimizer(0.3).minimize(cross_entropy(y, logits))
    return {"variables": ["head/bias", "head/kernel", "table"], "loss": "cost:0", "input": "ids:0"}


@case("ema_and_batch_norm")
def _():
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
    y = tf.compat.v1.placeholder(tf.float32, [None, 2], "y")
    training = tf.compat.v1.placeholder_with_default(False, [], "is_training")
    hidden = tf.compat.v1.layers.dense(x, 4, name="d1")
    hidden = tf.compat.v1.layers.batch_normalization(hidden, training=training, name="bn")
    hidden = tf.nn.relu(hidden)
    hidden = tf.compat.v1.layers.dropout(hidden, 0.4, training=training)
    logits = tf.compat.v1.layers.dense(hidden, 2, name="d2")
    step = train.get_or_create_global_step()
    ema = train.ExponentialMovingAverage(0.99, step)
    with tf.control_dependencies(tf.compat.v1.get_collection("update_ops")):
        apply = train.AdamOptimizer(0.01).minimize(cross_entropy(y, logits), global_step=step)
    with tf.control_dependencies([apply]):
        ema.apply(tf.compat.v1.trainable_variables())
    averages = {v.op.name: ema.average_name(v) for v in tf.compat.v1.trainable_variables()}
    averages["bn/moving_mean"] = None
    return {
        "averages": {name: average for name, average in averages.items() if average},
        "statistics": ["bn/moving_mean", "bn/moving_variance"],
        "step": "global_step",
        "input": "x:0",
        "output": "d2/BiasAdd:0",
        "fed": {"is_training:0": False},
        "decay": 0.99,
    }


@case("accuracy_summaries")
def _():
    x = tf.compat.v1.placeholder(tf.float32, [None, 6], "features")
    y = tf.compat.v1.placeholder(tf.float32, [None, 3], "targets")
    keep = tf.compat.v1.placeholder(tf.float32, name="keep_prob")
    w = tf.Variable(tf.random.truncated_normal([6, 3]))
    b = tf.Variable(tf.zeros([3]))
    logits = tf.matmul(tf.nn.dropout(x, keep), w) + b
    prediction = tf.nn.softmax(logits)
    loss = tf.reduce_mean(nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    right = tf.equal(tf.argmax(prediction, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    tf.compat.v1.summary.scalar("accuracy", accuracy)
    tf.compat.v1.summary.merge_all()
    train.GradientDescentOptimizer(0.1).minimize(loss)
    return {
        "input": "features:0",
        "labels": ["targets:0"],
        "fed": {"keep_prob:0": 1.0},
        "output": logits.name,
    }


@case("inference_only")
def _():
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
    logits = tf.compat.v1.layers.dense(x, 2, name="head")
    tf.nn.softmax(logits, name="probabilities")
    return {"input": "x:0", "output": "probabilities:0"}


@case("partitioned")
def _():
    ids = tf.compat.v1.placeholder(tf.int32, [None], "ids")
    table = tf.compat.v1.get_variable(
        "table", [10, 3], partitioner=tf.compat.v1.fixed_size_partitioner(3)
    )
    tf.nn.embedding_lookup(table, ids, partition_strategy="div", name="rows")
    return {"parts": [["table/part_0", [0, 0], [4, 3]], ["table/part_1", [4, 0], [3, 3]],
                      ["table/part_2", [7, 0], [3, 3]]], "full": "table", "shape": [10, 3]}  # fmt: skip


@case("while_and_cond")
def _():
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
    flag = tf.compat.v1.placeholder(tf.bool, [], "flag")
    w = tf.compat.v1.get_variable("w", [3, 3])
    doubled = tf.cond(flag, lambda: x * 2.0, lambda: x + 1.0)
    _, out = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.matmul(h, w)), [0, doubled])
    tf.identity(out, "out")
    return {"input": "x:0", "output": "out:0"}


@case("control_flow_v2")
def _():
    tf.compat.v1.enable_control_flow_v2()
    x = tf.compat.v1.placeholder(tf.float32, [None, 3], "x")
    flag = tf.compat.v1.placeholder(tf.bool, [], "flag")
    w = tf.compat.v1.get_variable("w", [3, 3], use_resource=True)
    doubled = tf.cond(flag, lambda: x * 2.0, lambda: x + 1.0)
    _, out = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.matmul(h, w)), [0, doubled])
    tf.identity(out, "out")
    tf.compat.v1.disable_control_flow_v2()
    return {"input": "x:0", "output": "out:0"}


def interface_case(name, output, inputs=("x:0",), labels=("y:0",), fed=None):
    """A program as people write them; what a person would call its inputs and outputs."""

    def register(build):
        @case("interface_" + name)
        def facts():
            build()
            return {
                "input": list(inputs),
                "output": output,
                "labels": list(labels),
                "fed": fed or {},
            }

        return build

    return register


def xy():
    x = tf.compat.v1.placeholder(tf.float32, [None, 8], "x")
    return x, tf.compat.v1.placeholder(tf.float32, [None, 3], "y")


dense = tf.compat.v1.layers.dense


@interface_case("two_heads", ["head_a/BiasAdd:0", "head_b/BiasAdd:0"], labels=["y:0", "z:0"])
def _():
    x, y = xy()
    z = tf.compat.v1.placeholder(tf.float32, [None, 1], "z")
    trunk = dense(x, 6, tf.nn.relu, name="trunk")
    a, b = dense(trunk, 3, name="head_a"), dense(trunk, 1, name="head_b")
    loss = losses.softmax_cross_entropy(y, a) + 0.5 * losses.mean_squared_error(z, b)
    train.AdamOptimizer(1e-3).minimize(loss)


@interface_case(
    "keras",
    ["dense_1/Softmax:0"],
    inputs=["dense_input:0"],
    labels=["dense_1_target:0"],
    fed={"keras_learning_phase:0": False},
)
def _():
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Dense(5, activation="relu", input_shape=(8,)),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    model.fit(np.zeros((4, 8)), np.eye(4)[:, :3], epochs=1, verbose=0)


@interface_case("weighted_cross_entropy", ["fc/BiasAdd:0"])
def _():
    x, y = xy()
    logits = dense(x, 3, name="fc")
    weighted = tf.nn.weighted_cross_entropy_with_logits(labels=y, logits=logits, pos_weight=2.0)
    train.AdamOptimizer().minimize(tf.reduce_mean(weighted))


@interface_case("linear_written_twice", ["prediction:0"], inputs=["X:0"], labels=["Y:0"])
def _():
    x = tf.compat.v1.placeholder(tf.float32, name="X")
    y = tf.compat.v1.placeholder(tf.float32, name="Y")
    w, b = tf.Variable(0.0, name="w"), tf.Variable(0.0, name="b")
    tf.add(x * w, b, name="prediction")
    train.GradientDescentOptimizer(0.01).minimize(tf.reduce_sum(tf.square(y - x * w - b)))


@interface_case(
    "masked_sequence",
    ["proj/BiasAdd:0"],
    inputs=["ids:0", "lengths:0"],
    labels=["targets:0"],
)
def _():
    ids = tf.compat.v1.placeholder(tf.int32, [None, None], "ids")
    lengths = tf.compat.v1.placeholder(tf.int32, [None], "lengths")
    targets = tf.compat.v1.placeholder(tf.int32, [None, None], "targets")
    rows = tf.nn.embedding_lookup(tf.compat.v1.get_variable("emb", [20, 6]), ids)
    cell = nn.rnn_cell.GRUCell(7)
    outputs, _ = nn.dynamic_rnn(cell, rows, sequence_length=lengths, dtype=tf.float32)
    logits = dense(outputs, 20, name="proj")
    mask = tf.sequence_mask(lengths, dtype=tf.float32)
    train.AdamOptimizer().minimize(tf.contrib.seq2seq.sequence_loss(logits, targets, mask))


@interface_case("evaluation_twin", ["m/b/BiasAdd:0"])
def _():
    x, y = xy()
    other = tf.compat.v1.placeholder(tf.float32, [None, 8], "x_eval")

    def network(x, training, reuse):
        with tf.compat.v1.variable_scope("m", reuse=reuse):
            hidden = dense(x, 6, tf.nn.relu, name="a")
            hidden = tf.compat.v1.layers.dropout(hidden, 0.3, training=training)
            return dense(hidden, 3, name="b")

    logits = network(x, True, False)
    tf.nn.softmax(network(other, False, True), name="eval_probs")
    train.GradientDescentOptimizer(0.1).minimize(losses.softmax_cross_entropy(y, logits))


@interface_case("probabilities_beside_logits", ["fc/BiasAdd:0"])
def _():
    x, y = xy()
    logits = dense(x, 3, name="fc")
    predicted = tf.argmax(tf.nn.softmax(logits, name="probs"), 1, name="pred")
    loss = nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    right = tf.equal(predicted, tf.argmax(y, 1))
    tf.reduce_mean(tf.cast(right, tf.float32), name="accuracy")
    train.AdamOptimizer().minimize(tf.reduce_mean(loss))


@interface_case("autoencoder", ["dec/Sigmoid:0"], labels=[])
def _():
    x, _ = xy()
    code = dense(x, 3, tf.nn.sigmoid, name="enc")
    train.AdadeltaOptimizer(1.0).minimize(
        tf.reduce_mean(tf.pow(x - dense(code, 8, tf.nn.sigmoid, name="dec"), 2))
    )


@interface_case("selected_action", ["q/BiasAdd:0"], inputs=["state:0"], labels=["action:0", "y:0"])
def _():
    state = tf.compat.v1.placeholder(tf.float32, [None, 8], "state")
    action = tf.compat.v1.placeholder(tf.float32, [None, 3], "action")
    y = tf.compat.v1.placeholder(tf.float32, [None], "y")
    q = dense(dense(state, 6, tf.nn.relu, name="h"), 3, name="q")
    chosen = tf.reduce_sum(tf.multiply(q, action), axis=1)
    train.AdamOptimizer(1e-6).minimize(tf.reduce_mean(tf.square(y - chosen)))


@case("schedule_of_optimize_loss")
def _():
    _, y, logits = mlp()
    tf.contrib.layers.optimize_loss(
        cross_entropy(y, logits),
        train.get_or_create_global_step(),
        learning_rate=0.1,
        optimizer="Adagrad",
        clip_gradients=1.0,
        learning_rate_decay_fn=lambda rate, step: train.exponential_decay(rate, step, 100, 0.96),
    )
    return {
        "schedule": "exponential_decay",
        "arguments": {"learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.96},
        "values": {},
        "step": "global_step",
    }


@case("reads_files")
def _():
    path = tf.compat.v1.placeholder(tf.string, [], "path")
    image = tf.cast(tf.image.decode_png(tf.io.read_file(path)), tf.float32)
    called = tf.compat.v1.py_func(lambda v: v, [image], tf.float32, name="python")
    tf.identity(called, "out")
    return {"forbidden": ["ReadFile", "PyFunc"]}


@case("constants")
def _():
    a = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 4), name="a")
    facts = {}
    with tf.compat.v1.Session() as session:
        tensors = [
            a[1:, ::2], a[..., 1], a[:, tf.newaxis, 2], tf.reshape(a, [-1, 2]), tf.concat([a, a], 1),
            tf.transpose(a), tf.tile(a, [2, 1]), tf.reduce_sum(a, 1), tf.reduce_mean(a),
            tf.cast(a / 3.0, tf.int32), tf.stack([a, a], 1), tf.unstack(a)[1], tf.shape(a) * 2,
            tf.range(3, 9, 2), tf.fill([2, 2], 7.0), tf.expand_dims(a, 0), tf.squeeze(a[:1]),
            tf.gather(a, [2, 0]), tf.math.floormod(-7, 3), tf.cast(a, tf.bfloat16), tf.cast(a, tf.half),
            tf.split(a, 2, 1)[1], tf.pad(a, [[1, 0], [0, 2]]), tf.one_hot([0, 2], 3), a**2.0,
            tf.cast(a, tf.complex64), tf.constant([b"x", b"yy"]), tf.zeros_like(a), a[-1, -2],
            tf.where(a > 5.0, a, -a), tf.reverse(a, [1]), tf.slice(a, [1, 1], [2, -1]), a[1:2, 3:0:-1],
        ]  # fmt: skip
        for tensor, value in zip(tensors, session.run(tensors)):
            value = np.asarray(value)
            kind = str(value.dtype) if value.dtype != object else "string"
            if kind in ("bfloat16", "float16", "complex64"):
                value = value.astype(np.float32)
            if kind == "string":
                value = np.char.decode(value.astype("S"))
            facts[tensor.name] = [tensor.dtype.name, list(value.shape), value.ravel().tolist()]
    return {"values": facts}


ARCHIVE.close()
with open(os.path.join(HERE, "expected.json"), "w") as file:
    json.dump(EXPECTED, file, indent=1, sort_keys=True)
    file.write("\n")
