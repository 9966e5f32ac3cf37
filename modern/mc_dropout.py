"""mc-dropout in Keras: a hundred predictions with dropout left on."""

import keras
import numpy as np
import tensorflow as tf


class Dropout(keras.layers.Dropout):
    """Dropout with TF1's masks; keras.layers.Dropout does the same with numbers of its own."""

    def call(self, inputs, training=False):
        """Drops units while training; scales the others by 1 / (1 - rate)."""
        return tf.nn.dropout(inputs, self.rate, seed=self.seed) if training else inputs


class MCDropout(Dropout):
    """Stays on: whatever it is told, it drops units."""

    def call(self, inputs, training=False):
        """Drops units."""
        return super().call(inputs, training=True)


def build_model(num_inputs=784, num_classes=10, dropout=Dropout, learning_rate=0.05):
    """784 → 300 → 100 → 10, ELU, dropout 0.2 before each layer."""
    # --- inputs
    x = keras.Input((num_inputs,), name="x")

    # --- variables
    options = {"activation": "elu", "kernel_initializer": "he_normal"}

    # --- forward
    model = keras.Sequential(
        [
            x,
            dropout(0.2, seed=4),
            keras.layers.Dense(300, **options, name="hidden1"),
            dropout(0.2, seed=5),
            keras.layers.Dense(100, **options, name="hidden2"),
            dropout(0.2, seed=6),
            keras.layers.Dense(num_classes, kernel_initializer="he_normal", name="outputs"),
        ],
        name="mc_dropout",
    )

    # --- loss
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    model.compile(keras.optimizers.SGD(learning_rate), loss, jit_compile=False)
    return model


class Losses(keras.callbacks.Callback):
    """The loss of each step; by itself Keras tells the mean of the epoch so far."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_begin(self, batch, logs=None):
        """Forgets the steps before."""
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        """Keeps this one."""
        self.values.append(np.float32(logs["loss"]))


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


def accuracy(probabilities, y):
    """The share of examples whose class is right."""
    return (probabilities.argmax(axis=1) == y).mean()


# --- dropout
def values(x_train, y_train, x_test, y_test, weights, epochs, samples, **_):
    """Trains, then predicts once without dropout and a hundred times with it."""
    sizes = x_train.shape[1], int(y_train.max()) + 1
    model, mc_model = build_model(*sizes), build_model(*sizes, dropout=MCDropout)
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}/{v.name}"] for v in layer.weights])
    losses = Losses()
    tf.random.set_seed(0)  # with the seeds of the layers, what TF1's two seeds are
    train(model, x_train, y_train, epochs=epochs, callbacks=[losses])

    plain = tf.nn.softmax(model.predict_on_batch(x_test)).numpy()
    mc_model.set_weights(model.get_weights())  # the same layers, but for what they do with training
    # model(x, training=True) would do here too, and put batch normalization into training.
    logits = np.stack([mc_model.predict_on_batch(x_test) for _ in range(samples)])
    drawn = tf.nn.softmax(logits).numpy()

    mean, deviation = drawn.mean(axis=0), drawn.std(axis=0)
    print("first example, dropout off:", plain[0].round(2))
    print("first example, mean       :", mean[0].round(2))
    print("first example, deviation  :", deviation[0].round(2))
    return {
        "loss of each step": np.array(losses.values),
        "probabilities, dropout off": plain,
        "probabilities, mean": mean,
        "probabilities, deviation": deviation,
        "accuracy, dropout off": accuracy(plain, y_test),
        "accuracy, mean": accuracy(mean, y_test),
    }


# --- save
def save(model, path):
    """Writes the trained model; MCDropout has no weights that would be missing."""
    model.save(path)
