"""tensorboard in Keras: a callback that writes summaries and the graph while fit runs."""

import os

import keras
import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


# --- forward
def build_model(num_inputs, num_classes):
    """Softmax regression; layers become the boxes of TensorBoard's graph page."""
    model = keras.Sequential(
        [keras.Input((num_inputs,), name="x"), keras.layers.Dense(num_classes, name="dense")],
        name="softmax_regression",
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    return model


# --- summaries
def callback(folder):
    """Writes epoch_loss and whatever else fit logs, and the layers as a graph.

    Training and validation are runs of their own: the folders train and validation.
    """
    return keras.callbacks.TensorBoard(folder)


def write_graph(model, folder):
    """Writes the graph of operations, which the callback of Keras 3 no longer does."""
    signature = tf.TensorSpec([None, *model.input_shape[1:]])
    traced = tf.function(model).get_concrete_function(signature)
    with tf.summary.create_file_writer(folder).as_default():
        tf.summary.graph(traced.graph)


# --- loop
def train(x_train, y_train, weights, folder, epochs, batch_size=128):
    """Trains from the weights that TF1 began with; the callback writes a point an epoch."""
    model = build_model(x_train.shape[1], y_train.shape[1])
    model.get_layer("dense").set_weights([weights["dense/kernel"], weights["dense/bias"]])
    model.fit(
        x_train,
        y_train,
        batch_size,
        epochs,
        shuffle=False,
        verbose=0,
        callbacks=[callback(folder)],
    )
    write_graph(model, folder)


# --- read
def values(x_train, y_train, x_test, y_test, weights, folder, epochs=5):
    """Trains, and reads the event file with what TensorBoard itself reads it with."""
    x_train, y_train = x_train[:1408], y_train[:1408]  # 11 full batches
    train(x_train, y_train, weights, folder, epochs)
    events = EventAccumulator(os.path.join(folder, "train")).Reload()
    # TF2 writes a scalar as a tensor; TensorBoard shows both in one chart.
    scalars = events.Tensors("epoch_loss")
    losses = [tensor_util.make_ndarray(scalar.tensor_proto).item() for scalar in scalars]
    for scalar, loss in zip(scalars, losses, strict=True):
        print(f"epoch_loss at {scalar.step}: {loss:.6f}")
    graph = EventAccumulator(folder).Reload().Graph()
    print(f"the graph page has {len(graph.node)} operations")
    return {
        "steps": np.array([scalar.step for scalar in scalars]),
        "epoch_loss": np.array(losses, np.float32),
    }
