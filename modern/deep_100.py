"""deep-100 in Keras: a hundred hidden layers, SELU or ReLU."""

import keras


def build_model(
    num_inputs=784, num_classes=10, activation="selu", num_layers=100, learning_rate=0.001
):
    """Layers may be added in a loop."""
    # --- inputs
    # Standardized: SELU keeps a mean of 0 and a deviation of 1, if it is given them.
    model = keras.Sequential([keras.Input((num_inputs,), name="x")], name="deep_100")

    # --- variables
    # By name, each layer gets an initializer of its own, and so other numbers.
    normal = {"selu": "lecun_normal", "relu": "he_normal"}[activation]

    # --- forward
    for number in range(1, num_layers + 1):
        units = 300 if number == 1 else 100
        name = f"hidden{number}"
        model.add(keras.layers.Dense(units, activation, kernel_initializer=normal, name=name))
    model.add(keras.layers.Dense(num_classes, name="outputs"))

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


def standardize(x_train, *others):
    """Minus the mean of each pixel over its deviation, both of the training set alone."""
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    deviation[deviation == 0] = 1  # a pixel that never changes
    return [(x - mean) / deviation for x in (x_train, *others)]


def main(x_train, y_train, x_valid, y_valid, epochs=5):
    """The whole program, once for each activation."""
    x_train, x_valid = standardize(x_train, x_valid)
    for activation in ("selu", "relu"):
        keras.utils.set_random_seed(42)
        model = build_model(activation=activation)
        train(model, x_train, y_train, batch_size=32, epochs=epochs)
        print(activation, model.evaluate(x_valid, y_valid, verbose=0))
