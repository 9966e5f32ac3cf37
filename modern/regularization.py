"""regularization in Keras: an ELU net with L2, with dropout, or with max-norm."""

import keras
import numpy as np
import tensorflow as tf


class Dropout(keras.layers.Dropout):
    """Dropout with TF1's masks; keras.layers.Dropout does the same with numbers of its own."""

    # --- inputs
    # fit() calls with training=True; nobody feeds the phase.
    def call(self, inputs, training=False):
        """Drops units while training; scales the others by 1 / (1 - rate)."""
        return tf.nn.dropout(inputs, self.rate, seed=self.seed) if training else inputs


def build_model(
    num_inputs=784,
    num_classes=10,
    l2=0.0,
    dropout=0.0,
    max_norm=0.0,
    optimizer="adam",
    learning_rate=0.001,
):
    """One of the three at a time; 0 leaves it out."""
    # --- variables
    # A regularizer and a constraint belong to the layer whose weights they are about.
    options = {
        "kernel_initializer": "he_normal",
        "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
        "kernel_constraint": keras.constraints.MaxNorm(max_norm) if max_norm else None,
    }

    # --- forward
    model = keras.Sequential([keras.Input((num_inputs,), name="x")], name="regularization")
    for number, (units, activation) in enumerate([(300, "elu"), (100, "elu"), (10, None)]):
        if dropout:
            model.add(Dropout(dropout, seed=number + 4))
        model.add(
            keras.layers.Dense(
                units if activation else num_classes,
                activation,
                name=f"hidden{number + 1}" if activation else "outputs",
                **options,
            )
        )

    # --- loss
    # fit() adds the layers' penalties by itself, and tells the sum as the loss.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # The constraints are applied after each update. Adam as in TF1: its epsilon, float32 betas.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    chosen = {
        "adam": keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8),
        "nadam": keras.optimizers.Nadam(learning_rate),
    }[optimizer]
    model.compile(chosen, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- save
def save(model, path):
    """Writes weights, architecture and the state of the optimizer into one .keras file."""
    model.save(path)
