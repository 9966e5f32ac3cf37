"""activations in Keras: 784 → 300 → 100 → 10 with LeakyReLU, ELU or SELU."""

import keras

# --- inputs
# Sequential takes its input as an argument of fit; Input only says how wide it is.


# --- variables
def initializer(activation):
    """SELU keeps mean 0 and deviation 1 only with LeCun's rule; the others take He's."""
    return "lecun_normal" if activation == "selu" else "he_normal"


# --- forward
def build_model(num_inputs=784, num_classes=10, activation="leaky_relu", learning_rate=0.001):
    """Activations by name; "leaky_relu" has slope 0.2 as in TF1, the layer LeakyReLU() has 0.3."""
    normal = initializer(activation)
    model = keras.Sequential(
        [
            keras.Input((num_inputs,), name="x"),
            keras.layers.Dense(300, activation, kernel_initializer=normal, name="hidden1"),
            keras.layers.Dense(100, activation, kernel_initializer=normal, name="hidden2"),
            keras.layers.Dense(num_classes, name="outputs"),
        ],
        name="activations",
    )

    # --- loss
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
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


def main(x_train, y_train, x_valid, y_valid, epochs=10):
    """The whole program, once for each activation."""
    for activation in ("leaky_relu", "elu", "selu"):
        keras.utils.set_random_seed(42)
        model = build_model(activation=activation)
        train(model, x_train, y_train, batch_size=32, epochs=epochs)
        print(activation, model.evaluate(x_valid, y_valid, verbose=0))
