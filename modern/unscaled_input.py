"""unscaled-input in Keras: weights of sigma 1 on pixels from 0 to 255."""

import keras
import numpy as np
import tensorflow as tf


# --- forward
def build_model(num_inputs, num_classes, sigmas, learning_rate, rescaling=()):
    """784 → 256 → 10; the scaling may be a layer, and then travels with the model.

    Args:
        sigmas: the deviation of the weights of each layer.
    """
    tf.random.set_seed(0)
    hidden, logits = keras.layers.Dense(256, "relu"), keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input((num_inputs,)), *rescaling, hidden, logits])
    # Keras's default, Glorot's rule, is no trap; this is what a port brings with it.
    hidden.kernel.assign(tf.random.normal([num_inputs, 256], stddev=sigmas[0], seed=1))
    logits.kernel.assign(tf.random.normal([256, num_classes], stddev=sigmas[1], seed=2))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    sgd = keras.optimizers.SGD(learning_rate)
    model.compile(sgd, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- trap
def trap(x_train, y_train, x_test, y_test, epochs=10):
    """The pixels as they come, and sigma 1."""
    model = build_model(x_train.shape[1], y_train.shape[1], (1.0, 1.0), 0.001)
    return run("raw pixels", model, x_train, y_train, x_test, y_test, epochs)


# --- cure
def cure(x_train, y_train, x_test, y_test, epochs=10):
    """Pixels from 0 to 1, He's sigma, and the learning rate that goes with them."""
    sizes = x_train.shape[1], y_train.shape[1]
    scaled = [keras.layers.Rescaling(1 / 255)]
    halfway = build_model(*sizes, (1.0, 1.0), 0.001, scaled)
    halfway = run("scaled, no more", halfway, x_train, y_train, x_test, y_test, epochs)
    sigmas = np.sqrt(2 / x_train.shape[1]), np.sqrt(2 / 256)
    model = build_model(*sizes, sigmas, 0.1, scaled)
    given = run("all three", model, x_train, y_train, x_test, y_test, epochs)
    given["accuracy, pixels scaled and no more"] = halfway["accuracy"]
    return given


# --- loop
def run(name, model, x_train, y_train, x_test, y_test, epochs, batch_size=128):
    """Trains; the loss and the accuracy are those after each epoch, on the test set."""

    def measured():
        return model.test_on_batch(x_test, y_test)  # the whole set at once, as in TF1

    first, probabilities = measured(), tf.nn.softmax(model(x_test))
    # Where the greatest probability is 1 to the last bit, the network has no doubt at all.
    certain = np.mean(np.max(probabilities, 1) >= 1, dtype=np.float32)
    history = []
    for _ in range(epochs):
        model.fit(x_train, y_train, batch_size, shuffle=False, verbose=0)
        model.reset_metrics()
        history.append(measured())
    losses, accuracies = np.array(history, np.float32).T
    print(f"{name}: before training: loss {first[0]:.4g}, {certain:.0%} of the answers certain")
    print(f"{name}: after {epochs} epochs: loss {losses[-1]:.4g}, accuracy {accuracies[-1]:.4f}")
    return {
        "loss before training": np.float32(first[0]),
        "certain before training": certain,
        "loss": losses,
        "accuracy": accuracies,
    }
