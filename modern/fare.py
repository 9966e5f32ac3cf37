"""fare in Keras: taxi fares by a Sequential network of two hidden layers; rmse by hand."""

import keras
import numpy as np
import tensorflow as tf


class Rmse(keras.metrics.Metric):
    """The root of the mean squared error of all examples since the last reset.

    A plain function is accepted as a metric too, but Keras averages what it gives over the batches:
    a mean of roots, which is less than the root of the mean.
    """

    def __init__(self, name="rmse", **options):
        super().__init__(name=name, **options)
        self.squares = self.add_weight(name="squares", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch."""
        squares = keras.ops.square(y_pred - keras.ops.cast(y_true, y_pred.dtype))
        self.squares.assign_add(keras.ops.sum(squares))
        self.count.assign_add(keras.ops.cast(keras.ops.size(squares), self.count.dtype))

    def result(self):
        """In dollars."""
        return keras.ops.sqrt(self.squares / self.count)


def root_of_batch(y_true, y_pred):
    """What the notes write: right for a batch, but Keras averages it over the batches."""
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(y_pred - y_true)))


def build_model(num_inputs=5, learning_rate=0.001):
    """A list of layers."""
    # --- inputs
    x = keras.Input((num_inputs,), name="x")  # degrees, and a count

    # --- variables
    # Each layer makes its own: kernels by Glorot's rule, biases zero.

    # --- forward
    hidden1 = keras.layers.Dense(32, "relu", name="hidden1")
    hidden2 = keras.layers.Dense(8, "relu", name="hidden2")
    output = keras.layers.Dense(1, name="output")  # any number
    model = keras.Sequential([x, hidden1, hidden2, output], name="fare")

    # --- loss
    # By name: Keras's own mean squared error. Our rmse is an object.
    metrics = [Rmse(), root_of_batch]

    # --- optimizer
    # TF1's epsilon and its float32 betas.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    adam = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8)
    model.compile(adam, loss="mse", metrics=metrics, jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


def train_virtually(model, data, test, examples, evaluations, batch_size=32):
    """Evaluates after so many examples, wherever that is in the data: a virtual epoch.

    With steps_per_epoch, fit goes on in the data where it stopped; so the data must not end.
    """
    dataset = tf.data.Dataset.from_tensor_slices(data).repeat().batch(batch_size)
    steps = examples // (batch_size * evaluations)
    history = model.fit(
        dataset, epochs=evaluations, steps_per_epoch=steps, validation_data=test, verbose=0
    )
    return np.array(history.history["val_rmse"], np.float32)


def values(x_train, y_train, x_test, y_test, weights, examples=4000, evaluations=5, **_):
    """Virtual epochs, and rmse over the whole test set against its mean over batches."""
    model = build_model(x_train.shape[1])
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}/{v.name}"] for v in layer.weights])
    untrained = model.evaluate(x_test, y_test, batch_size=32, verbose=0, return_dict=True)
    return {
        "rmse of the test set": np.float32(untrained["rmse"]),
        "rmse, averaged over batches": np.float32(untrained["root_of_batch"]),
        "steps in a virtual epoch": examples // (32 * evaluations),
        "rmse after each": train_virtually(
            model, (x_train, y_train), (x_test, y_test), examples, evaluations
        ),
    }


# --- save
def save(model, path):
    """Writes weights, architecture and the state of Adam into one .keras file."""
    model.save(path)
