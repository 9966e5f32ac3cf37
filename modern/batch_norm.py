"""batch-norm in Keras: after the activations or before them."""

import keras

# --- inputs
# No phase is fed: fit() calls the layers with training=True, evaluate() and predict() with False.


# --- variables
# gamma and beta are trainable weights of the layer, the moving averages non-trainable ones.


# --- forward
def build_model(num_inputs=784, num_classes=10, before=False, learning_rate=0.001):
    """Normalizes the inputs, and each hidden layer after its activation or before it."""
    model = keras.Sequential([keras.Input((num_inputs,), name="x")], name="batch_norm")
    model.add(keras.layers.BatchNormalization(name="bn1"))
    for number, units in ((1, 300), (2, 100)):
        name = f"hidden{number}"
        if before:  # beta does what the bias would do
            model.add(
                keras.layers.Dense(units, use_bias=False, kernel_initializer="he_normal", name=name)
            )
            model.add(keras.layers.BatchNormalization(name=f"bn{number + 1}"))
            model.add(keras.layers.Activation("relu"))
        else:
            model.add(keras.layers.Dense(units, "relu", kernel_initializer="he_normal", name=name))
            model.add(keras.layers.BatchNormalization(name=f"bn{number + 1}"))
    model.add(keras.layers.Dense(num_classes, name="outputs"))

    # --- loss
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    # The layers move their averages themselves, in each call with training=True.
    sgd = keras.optimizers.SGD(learning_rate)
    model.compile(sgd, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- save
def save(model, path):
    """Writes weights, architecture and the state of the optimizer into one .keras file."""
    model.save(path)


def main(x_train, y_train, x_valid, y_valid, epochs=10, path="batch_norm.keras"):
    """The whole program: build, train, print, save."""
    model = build_model()
    model.summary()  # tells trainable and non-trainable parameters apart
    train(model, x_train, y_train, epochs=epochs)
    print(model.evaluate(x_valid, y_valid))
    save(model, path)
