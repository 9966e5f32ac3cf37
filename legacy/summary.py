"""summary in TensorFlow 1: what a graph consists of, counted and drawn by hand."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- forward
def mlp_deep(num_hidden):
    """784 → 256 → 256 → 10, or with other hidden layers."""
    h = tf.placeholder(tf.float32, [None, 784], name="x")
    for number, units in enumerate((num_hidden, num_hidden), 1):
        h = tf.layers.dense(h, units, tf.nn.relu, name=f"hidden{number}")
    tf.layers.dense(h, 10, name="outputs")


def batch_norm(before_activation=False):
    """784 → 300 → 100 → 10, each after a batch normalization; or with it before the activation."""
    h = tf.placeholder(tf.float32, [None, 784], name="x")
    h = tf.layers.batch_normalization(h, name="bn0")
    for number, units in enumerate((300, 100), 1):
        if before_activation:  # beta is a bias already
            h = tf.layers.dense(h, units, use_bias=False, name=f"hidden{number}")
            h = tf.nn.relu(tf.layers.batch_normalization(h, name=f"bn{number}"))
        else:
            h = tf.layers.dense(h, units, tf.nn.relu, name=f"hidden{number}")
            h = tf.layers.batch_normalization(h, name=f"bn{number}")
    tf.layers.dense(h, 10, name="outputs")


# --- parameters
def size(variable):
    """How many numbers."""
    return int(np.prod(variable.shape.as_list()))


def parameters():
    """Layer → how many; TF1 has no layers, only names with slashes."""
    layers = {}
    for variable in tf.global_variables():
        layer = variable.op.name.split("/")[0]
        layers[layer] = layers.get(layer, 0) + size(variable)
    return layers


# --- picture
def picture():
    """Name scope → the shape of what leaves it; of the graph, what is about batches."""
    shapes = {}
    for operation in tf.get_default_graph().get_operations():
        scope = operation.name.split("/")[0]
        if scope in parameters() or operation.type == "Placeholder":
            for output in operation.outputs:
                if output.shape.ndims == 2 and output.shape[0].value is None:
                    shapes[scope] = output.shape.as_list()
    return shapes


def draw(shapes):
    """Boxes and arrows."""
    width = max(len(f"{name} {shape}") for name, shape in shapes.items())
    for number, (name, shape) in enumerate(shapes.items()):
        if number:
            print("↓".center(width + 4).rstrip())
        print(f"┌{'─' * (width + 2)}┐")
        print(f"│ {f'{name} {shape}'.ljust(width)} │")
        print(f"└{'─' * (width + 2)}┘")


# --- loop
def values(num_hidden=256):
    """Counts and draws three networks."""
    given = {}
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        mlp_deep(num_hidden)
        given["mlp-deep: parameters per layer"] = np.array(list(parameters().values()))
        given["mlp-deep: parameters"] = np.array(sum(parameters().values()))
        given["mlp-deep: units a layer"] = np.array([s[1] for s in picture().values()])
        draw(picture())
    for name, before in (("batch-norm", False), ("before the activation", True)):
        with tf.Graph().as_default():
            tf.set_random_seed(0)
            batch_norm(before)
            trainable = sum(size(variable) for variable in tf.trainable_variables())
            given[f"{name}: parameters per layer"] = np.array(list(parameters().values()))
            given[f"{name}: parameters"] = np.array(sum(parameters().values()))
            given[f"{name}: trainable"] = np.array(trainable)
    return given
