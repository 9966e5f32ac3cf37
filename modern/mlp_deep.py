"""mlp-deep in Keras: 784 → 256 → 256 → 10, ReLU, Adam; Sequential and Functional."""

import keras
import numpy as np

# --- inputs
# Sequential needs none to be written; Functional begins with one.


# --- variables
# Each layer makes its own, when it is built: kernels by Glorot's rule, biases zero.


# --- forward
def build_model(num_inputs=784, num_hidden=256, num_classes=10, learning_rate=0.001):
    """A list of layers."""
    model = keras.Sequential(
        [
            keras.Input((num_inputs,), name="x"),
            keras.layers.Dense(num_hidden, "relu", name="hidden1"),
            keras.layers.Dense(num_hidden, "relu", name="hidden2"),
            keras.layers.Dense(num_classes, name="outputs"),
        ],
        name="mlp_deep",
    )
    return compile_model(model, learning_rate)


def build_functional(num_inputs=784, num_hidden=256, num_classes=10, learning_rate=0.001):
    """A graph of layers: each is called on the output of another."""
    x = keras.Input((num_inputs,), name="x")
    h = keras.layers.Dense(num_hidden, "relu", name="hidden1")(x)
    h = keras.layers.Dense(num_hidden, "relu", name="hidden2")(h)
    logits = keras.layers.Dense(num_classes, name="outputs")(h)
    return compile_model(keras.Model(x, logits, name="mlp_deep"), learning_rate)


def compile_model(model, learning_rate):
    """Adds loss and optimizer."""
    # --- loss
    # Logits, as in TF1; with a softmax layer at the end the loss has to undo what the layer did.
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # TF1's epsilon, for Keras's own is 1e-7, and its betas, which are float32: 1 - 0.999 is
    # 1.3e-5 smaller there.
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
    """Writes weights, architecture and the state of Adam into one .keras file."""
    model.save(path)


def main(x_train, y_train, x_test, y_test, epochs=20, path="mlp_deep.keras"):
    """The whole program: build, train, print, save."""
    model = build_model()
    model.summary()
    train(model, x_train, y_train, epochs=epochs)
    print(model.evaluate(x_test, y_test))
    save(model, path)
