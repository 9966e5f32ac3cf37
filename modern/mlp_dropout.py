"""mlp-dropout in Keras: mlp-deep with dropout 0.3 after each hidden layer."""

import keras
import numpy as np
import tensorflow as tf


class Dropout(keras.layers.Dropout):
    """Dropout whose masks come from TensorFlow's own random numbers, as those of TF1 do.

    keras.layers.Dropout does the same with numbers of its own: only the masks are others.
    """

    # --- inputs
    # fit() calls with training=True, evaluate() and predict() with False: nobody feeds the phase.
    def call(self, inputs, training=False):
        """Drops units while training; scales the others by 1 / (1 - rate)."""
        return tf.nn.dropout(inputs, self.rate, seed=self.seed) if training else inputs


# --- variables
# Dropout has none; its masks follow from the seeds of the program and of the layer.


# --- forward
def build_model(num_inputs=784, num_hidden=256, num_classes=10, rate=0.3, learning_rate=0.001):
    """A list of layers, of which two do something only while training."""
    model = keras.Sequential(
        [
            keras.Input((num_inputs,), name="x"),
            keras.layers.Dense(num_hidden, "relu", name="hidden1"),
            Dropout(rate, seed=4),
            keras.layers.Dense(num_hidden, "relu", name="hidden2"),
            Dropout(rate, seed=5),
            keras.layers.Dense(num_classes, name="outputs"),
        ],
        name="mlp_dropout",
    )

    # --- loss
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # TF1's epsilon and its float32 betas.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    adam = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8)
    model.compile(adam, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=128, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- save
def save(model, path):
    """Writes weights, architecture and the state of the optimizer into one .keras file."""
    model.save(path)


def main(x_train, y_train, x_test, y_test, epochs=30, path="mlp_dropout.keras"):
    """The whole program: build, train, print, save."""
    model = build_model()
    train(model, x_train, y_train, epochs=epochs)
    print(model.evaluate(x_test, y_test))
    save(model, path)
