"""save-restore in TensorFlow 1: variables by name, in a checkpoint of three files."""

import os

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- variables
def build(seed, num_units=3):
    """A weight and a bias, and a network of one layer on them."""
    tf.set_random_seed(seed)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    weight = tf.Variable(tf.truncated_normal([2, num_units], seed=1), name="weight")
    bias = tf.Variable(tf.truncated_normal([num_units], seed=2), name="bias")
    return x, weight, bias, tf.nn.bias_add(tf.matmul(x, weight), bias, name="y")


# --- save
def save(prefix, points, num_units):
    """Draws the variables and saves them; returns the outputs that they give."""
    x, _, _, y = build(0, num_units)
    saver = tf.train.Saver()  # of all variables, by name
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        saver.save(session, prefix)
        return session.run(y, {x: points})


# --- restore
def restore(prefix, points, num_units):
    """Builds the graph again and fills it; there is no initializer to run."""
    x, weight, bias, y = build(1, num_units)  # another seed: what comes back is from the file
    with tf.Session() as session:
        tf.train.Saver().restore(session, prefix)
        return session.run([weight, bias, y], {x: points})


def import_graph(prefix, points):
    """The same without the code: the graph is in the .meta file."""
    saver = tf.train.import_meta_graph(prefix + ".meta")
    with tf.Session() as session:
        saver.restore(session, prefix)
        return session.run("y:0", {"x:0": points})  # tensors are found by name


# --- files
def describe(prefix):
    """What each of the files holds."""
    reader = tf.train.load_checkpoint(prefix)
    meta = tf.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    shapes = reader.get_variable_to_shape_map()
    holds = {
        "checkpoint": "which checkpoint is the latest, as text",
        ".meta": f"the graph: {len(meta.graph_def.node)} operations",
        ".index": f"where each tensor lies: {sorted(shapes.items())}",
        ".data-00000-of-00001": f"{sum(np.prod(s) for s in shapes.values())} numbers of 4 bytes",
    }
    for ending, what in holds.items():
        path = prefix + ending
        if ending == "checkpoint":
            path = os.path.join(os.path.dirname(prefix), ending)
        print(f"{os.path.basename(path)}, {os.path.getsize(path)} bytes: {what}")
    return os.path.getsize(prefix + ".data-00000-of-00001")


# --- loop
def values(points, folder, num_units=3):
    """Saves, resets the graph, restores twice, and looks into the files."""
    prefix = os.path.join(folder, "model.ckpt")
    before = save(prefix, points, num_units)
    # Without this the second build would add weight_1 and bias_1, which no checkpoint knows.
    tf.reset_default_graph()
    weight, bias, after = restore(prefix, points, num_units)
    tf.reset_default_graph()
    imported = import_graph(prefix, points)
    return {
        "weight": weight,
        "bias": bias,
        "outputs": after,
        "changed by saving": np.abs(before - after).max(),
        "changed, built from the file": np.abs(before - imported).max(),
        "bytes of numbers": describe(prefix),
    }
