"""mlp-regularized in Keras: L2, L1, both; early termination; an ensemble."""

import keras
import numpy as np


def build_model(num_inputs=784, num_classes=10, l1=0.0, l2=0.0, learning_rate=0.1):
    """784 → 256 → 10, ReLU; ``l1`` and ``l2`` are the factors of the penalties, as TF1 has them."""
    # --- inputs
    x = keras.Input((num_inputs,), name="x")

    # --- variables
    # Keras's L2 is the whole sum of squares, tf.nn.l2_loss half of it.
    def options():
        return {
            "kernel_initializer": keras.initializers.RandomNormal(stddev=0.05),
            "kernel_regularizer": keras.regularizers.L1L2(l1, l2 / 2) if l1 or l2 else None,
        }

    # --- forward
    hidden = keras.layers.Dense(256, "relu", name="hidden", **options())
    logits = keras.layers.Dense(num_classes, name="logits", **options())
    model = keras.Sequential([x, hidden, logits])

    # --- loss
    # fit() adds the penalties by itself.
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)

    # --- optimizer
    sgd = keras.optimizers.SGD(learning_rate)
    model.compile(sgd, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=128, epochs=1, callbacks=None, validation=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(
        x,
        y,
        batch_size,
        epochs,
        verbose=0,
        shuffle=False,
        callbacks=callbacks,
        validation_data=validation,
    )


def train_until_worse(model, data, valid, epochs, patience, gain):
    """Early termination: a callback keeps the best weights, and puts them back at the end."""
    # Unless it is told to restore the best weights, those of the last epoch stay.
    stop = keras.callbacks.EarlyStopping(
        "val_loss", min_delta=gain, patience=patience, restore_best_weights=True
    )
    history = train(model, *data, epochs=epochs, callbacks=[stop], validation=valid).history
    return np.array(history["val_loss"], np.float32)


def values(x_train, y_train, x_test, y_test, weights, epochs, patience, gain, learning_rate, **_):
    """Early termination of one network, then an ensemble of three."""
    members, histories = [], []
    for number in (1, 2, 3):  # the same program, other initial weights
        model = build_model(x_train.shape[1], y_train.shape[1], learning_rate=learning_rate)
        model.set_weights([weights[f"member{number}/{name}"] for name in ("w0", "b0", "w1", "b1")])
        data, valid = (x_train, y_train), (x_test, y_test)
        histories.append(train_until_worse(model, data, valid, epochs, patience, gain))
        members.append(model)
    single = [model.evaluate(x_test, y_test, verbose=0)[1] for model in members]
    # One model of several: the mean of the probabilities, not of the logits.
    x = keras.Input((x_train.shape[1],))
    ensemble = keras.Model(
        x, keras.layers.Average()([keras.activations.softmax(model(x)) for model in members])
    )
    mean = ensemble.predict(x_test, verbose=0)
    return {
        "validation loss, by epoch": histories[0],
        "epochs until it stopped": len(histories[0]),
        "accuracy of each": np.array(single, np.float32),
        "probabilities of the ensemble": mean,
        "accuracy of the ensemble": (mean.argmax(axis=1) == y_test.argmax(axis=1)).mean(),
    }


# --- save
def save(model, path):
    """Writes the penalties too: they are a part of the layers' configuration."""
    model.save(path)
