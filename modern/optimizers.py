"""optimizers in Keras: one SELU net, 784 → 300 → 100 → 10, under each optimizer."""

import keras
import numpy as np

# TF1 keeps the numbers of its optimizers as float32; 1 - 0.999 is 1.3e-5 smaller there.
M, BETA_1, BETA_2, RHO = (float(np.float32(number)) for number in (0.9, 0.9, 0.999, 0.95))

# --- inputs
# fit() takes arrays.


class RMSprop(keras.optimizers.RMSprop):
    """TF1's: the mean square starts at 1, so that the first steps are small ones.

    Keras starts at 0: its first step is lr / sqrt(1 - rho), whatever the gradient.
    """

    # --- variables
    # The slots are made when an optimizer first sees the model's variables, each by this call.
    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Makes the slot of one variable."""
        start = "ones" if name == "velocity" else initializer
        return super().add_variable_from_reference(reference_variable, name, start)


OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=M),
    "nesterov": lambda rate: keras.optimizers.SGD(rate, momentum=M, nesterov=True),
    # TF1 has no epsilon here; a Python 0.1 would go through float32, in a float64 run too.
    "adagrad": lambda rate: keras.optimizers.Adagrad(rate, np.float64(0.1), epsilon=0.0),
    "rmsprop": lambda rate: RMSprop(rate, rho=M, epsilon=1e-10),
    "rmsprop_keras": lambda rate: keras.optimizers.RMSprop(rate, rho=M, epsilon=1e-10),
    "adam": lambda rate: keras.optimizers.Adam(rate, BETA_1, BETA_2, epsilon=1e-8),
    "nadam": keras.optimizers.Nadam,
    "adamax": keras.optimizers.Adamax,
    "ftrl": keras.optimizers.Ftrl,
    "adadelta": lambda rate: keras.optimizers.Adadelta(rate, rho=RHO, epsilon=1e-8),
}


# --- forward
def build_model(num_inputs=784, num_classes=10, optimizer="sgd", learning_rate=0.001):
    """The same net each time."""
    model = keras.Sequential(
        [
            keras.Input((num_inputs,), name="x"),
            keras.layers.Dense(300, "selu", kernel_initializer="lecun_normal", name="hidden1"),
            keras.layers.Dense(100, "selu", kernel_initializer="lecun_normal", name="hidden2"),
            keras.layers.Dense(num_classes, kernel_initializer="lecun_normal", name="outputs"),
        ],
        name="optimizers",
    )

    # --- loss
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # An object; the string "rmsprop" would give it Keras's own defaults.
    chosen = OPTIMIZERS[optimizer](learning_rate)
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
