"""wide-deep in TensorFlow 1: taxi fares by feature columns and input_layer."""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

COLUMNS = ("pickuplon", "pickuplat", "dropofflon", "dropofflat", "passengers")
LATITUDES = np.linspace(40.64, 40.86, 9).tolist()  # of New York: ten buckets from south to north
LONGITUDES = np.linspace(-74.02, -73.78, 9).tolist()  # and from west to east


def crosses():
    """Three crosses: where the trip ends, where it begins, and both at once.

    Crossing crosses makes one cross of their parts, four here, which are hashed once.
    """
    fc = tf.feature_column
    boundaries = {"lat": LATITUDES, "lon": LONGITUDES}
    bucket = {
        name: fc.bucketized_column(fc.numeric_column(name), boundaries[name[-3:]])
        for name in COLUMNS[:4]
    }
    dropoff = fc.crossed_column([bucket["dropofflat"], bucket["dropofflon"]], 100)
    pickup = fc.crossed_column([bucket["pickuplat"], bucket["pickuplon"]], 100)
    pair = fc.crossed_column([dropoff, pickup], 10_000)
    return {"drop-off": dropoff, "pick-up": pickup, "pair": pair}


def build(learning_rate=0.001, seed=0, dtype="float32"):
    """Describes the network once; nothing is computed before a Session runs it.

    Returns:
        The tensors and operations that a Session is asked for, by name.
    """
    # --- inputs
    x = tf.placeholder(dtype, [None, len(COLUMNS)], name="x")
    y = tf.placeholder(dtype, [None, 1], name="y")  # dollars
    features = {name: x[:, i : i + 1] for i, name in enumerate(COLUMNS)}

    # --- variables
    # input_layer makes the embedding, and always in float32: the getter has the last word.
    tf.set_random_seed(seed)
    glorot = [tf.glorot_uniform_initializer(seed=s) for s in (1, 2, 3, 4)]
    uniform = tf.random_uniform_initializer(-0.05, 0.05, seed=5)

    def of_dtype(getter, **options):
        return getter(**{**options, "dtype": tf.as_dtype(dtype)})

    # --- columns
    # input_layer orders the columns by their names, whatever the order of the list.
    fc = tf.feature_column
    crossed = crosses()
    wide = fc.input_layer(features, [fc.indicator_column(c) for c in crossed.values()])
    embedded = fc.embedding_column(crossed["pair"], 10, initializer=uniform)
    with tf.variable_scope("deep", custom_getter=of_dtype):
        h = fc.input_layer(features, [embedded])

    # --- forward
    for i, units in enumerate((30, 20, 10)):
        name = f"hidden{i + 1}"
        h = tf.layers.dense(h, units, tf.nn.relu, kernel_initializer=glorot[i], name=name)
    both = tf.concat([h, tf.cast(wide, dtype)], 1)
    fare = tf.layers.dense(both, 1, kernel_initializer=glorot[3], name="output")

    # --- loss
    loss = tf.reduce_mean(tf.square(fare - y), name="mse")
    rmse = tf.sqrt(loss, name="rmse")

    # --- optimizer
    train = tf.train.AdamOptimizer(learning_rate).minimize(loss, name="train")

    saver = tf.train.Saver(save_relative_paths=True)
    return SimpleNamespace(x=x, y=y, logits=fare, loss=loss, rmse=rmse, train=train, saver=saver)


# --- loop
def train(session, net, x, y, batch_size=32):
    """One epoch over the data in order; returns the loss of each step, before its update."""
    losses = []
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        _, loss = session.run([net.train, net.loss], {net.x: x[batch], net.y: y[batch]})
        losses.append(loss)
    return losses


def evaluate(session, net, x, y):
    """The root of the mean squared error, in dollars."""
    return session.run(net.rmse, {net.x: x, net.y: y})


def predict(session, net, x):
    """The fares, shape (examples, 1)."""
    return session.run(net.logits, {net.x: x})


# --- hashing
def values(x_train, **_):
    """The bucket of each trip in the three crosses; Adam's step for a row that occurs twice."""
    fc = tf.feature_column
    features = {name: tf.constant(x_train[:, i : i + 1]) for i, name in enumerate(COLUMNS)}
    one_hots = {
        name: fc.input_layer(features, [fc.indicator_column(cross)])
        for name, cross in crosses().items()
    }
    table = tf.get_variable("table", [1, 1], initializer=tf.zeros_initializer())
    loss = tf.reduce_sum(tf.nn.embedding_lookup(table, [0, 0]))
    step = tf.train.AdamOptimizer(0.001).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        given = session.run({name: tf.argmax(one_hot, 1) for name, one_hot in one_hots.items()})
        session.run(step)
        given["step of a row seen twice"] = -session.run(table)[0, 0]
        return given


# --- save
def save(session, net, path):
    """Writes the weights and Adam's state; boundaries and hashing stay in the program."""
    return net.saver.save(session, path)
