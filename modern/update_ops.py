"""update-ops in Keras: whoever trains with training=True updates, and there is nothing to run."""

import keras
import numpy as np
import tensorflow as tf


# --- forward
def build_model(num_inputs, num_classes, momentum):
    """A hidden layer between two batch normalizations."""
    tf.random.set_seed(0)
    model = keras.Sequential(
        [
            keras.Input((num_inputs,)),
            keras.layers.BatchNormalization(momentum=momentum, name="bn0"),
            keras.layers.Dense(100, "relu", name="hidden"),
            keras.layers.BatchNormalization(momentum=momentum, name="bn1"),
            keras.layers.Dense(num_classes, name="logits"),
        ]
    )
    # TensorFlow's own random numbers, not keras.initializers', to start where TF1 starts.
    for seed, name in enumerate(("hidden", "logits"), 1):
        kernel = model.get_layer(name).kernel
        kernel.assign(tf.random.normal(kernel.shape, stddev=0.05, seed=seed))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- trap
# None in fit. A GradientTape loop that calls model(x) without training=True is one: it trains
# against moving statistics that never move.


# --- cure
def cure(x_train, y_train, x_test, y_test, momentum=0.9, epochs=8, batch_size=128):
    """fit calls the model with training=True, and the layers update themselves."""
    model = build_model(x_train.shape[1], y_train.shape[1], momentum)

    # --- loop
    losses = []
    for _ in range(epochs):
        for start in range(0, len(x_train), batch_size):
            batch = slice(start, start + batch_size)
            losses.append(model.train_on_batch(x_train[batch], y_train[batch])[0])
            model.reset_metrics()
    reached = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    layer = model.get_layer("bn1")
    mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    # This updates once more; in TF1, asking for the accuracy does not run the updates.
    by_batch = model(x_test, training=True).numpy()
    as_trained = np.mean(by_batch.argmax(1) == y_test.argmax(1), dtype=np.float32)
    print(f"loss {losses[-1]:.4f}, accuracy {reached:.4f}, by batch statistics {as_trained:.4f}")
    print(f"moving mean {mean.mean():.4f}, moving variance {variance.mean():.4f}")
    return {
        "loss": np.array(losses, np.float32),
        "accuracy": np.float32(reached),
        "accuracy, by batch statistics": as_trained,
        "moving mean": mean,
        "moving variance": variance,
    }
