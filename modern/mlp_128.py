"""mlp-128 in Keras: Flatten, one to three Dense(128), Adam, classes as whole numbers."""

import keras
import numpy as np


def build_model(height=28, width=28, num_classes=10, num_layers=1, learning_rate=0.001):
    """The first network of many a Keras tutorial."""
    # --- inputs
    # Pictures as they are; Flatten makes rows of them.
    model = keras.Sequential([keras.Input((height, width), name="x"), keras.layers.Flatten()])

    # --- variables
    # Each layer makes its own, when it is built: kernels by Glorot's rule, biases zero.

    # --- forward
    for number in range(1, num_layers + 1):
        model.add(keras.layers.Dense(128, "relu", name=f"hidden{number}"))
    model.add(keras.layers.Dense(num_classes, name="outputs"))

    # --- loss
    # Sparse: the class itself, not one-hot.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # TF1's epsilon and its float32 betas; optimizer="adam" would have Keras's.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    adam = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8)
    model.compile(adam, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


def predict(model, x):
    """Probabilities: a softmax over the logits, put behind the trained model."""
    probabilities = keras.Sequential([model, keras.layers.Softmax()])
    return probabilities.predict(x, verbose=0)


# --- save
def save(model, path):
    """Writes weights, architecture and the state of Adam into one .keras file."""
    model.save(path)


def main(x_train, y_train, x_test, y_test, epochs=5, path="mlp_128.keras"):
    """The whole program: build, train, print, save."""
    model = build_model(*x_train.shape[1:])
    model.summary()
    train(model, x_train, y_train, epochs=epochs)
    print(model.evaluate(x_test, y_test))
    save(model, path)
