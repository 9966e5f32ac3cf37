"""transfer in Keras: layers are objects; a model is built on those of another."""

import keras
import numpy as np


# --- inputs
def split(x, y):
    """A's task: eight classes, without 5 and 6. B's: is it a 6, rather than a 5."""
    of_b = (y == 5) | (y == 6)
    classes = y[~of_b] - 2 * (y[~of_b] > 6)  # 7, 8 and 9 become 5, 6 and 7
    return (x[~of_b], classes), (x[of_b], (y[of_b] == 6).astype(np.float32)[:, None])


# --- forward
def network(name, num_inputs, num_outputs):
    """Five hidden SELU layers and the logits."""
    options = {"activation": "selu", "kernel_initializer": "lecun_normal"}
    model = keras.Sequential([keras.Input((num_inputs,))], name=name)
    for number, units in enumerate((300, 100, 50, 50, 50), 1):
        model.add(keras.layers.Dense(units, **options, name=f"hidden{number}"))
    model.add(keras.layers.Dense(num_outputs, kernel_initializer="lecun_normal", name="outputs"))
    return model


def compile_model(model, learning_rate=0.001):
    """Needed again after each change of what is trainable: fit() keeps what it has compiled."""
    # --- loss
    if model.name == "A":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    else:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)

    # --- optimizer
    # A new one each time: it belongs to the variables that it was built for.
    model.compile(keras.optimizers.SGD(learning_rate), loss, jit_compile=False)


# --- transfer
def build_on(model_a):
    """All layers of A but the last; of a copy of A, or training B would change A too."""
    copy = keras.models.clone_model(model_a)  # the architecture
    copy.set_weights(model_a.get_weights())  # and the weights
    outputs = keras.layers.Dense(1, kernel_initializer="lecun_normal", name="outputs")
    return keras.Sequential([*copy.layers[:-1], outputs], name="B_on_A")


def set_frozen(model, frozen):
    """Freezes or frees the hidden layers."""
    for layer in model.layers[:-1]:
        layer.trainable = not frozen
    compile_model(model)


# --- loop
def train(model, data, test, epochs, batch_size=32):
    """Trains in order; returns the loss on the test data after each epoch."""
    history = model.fit(
        *data,
        batch_size,
        epochs,
        verbose=0,
        shuffle=False,
        validation_data=test,
        validation_batch_size=len(test[0]),
    )
    return history.history["val_loss"]


def values(x_train, y_train, x_test, y_test, weights, epochs, frozen, **_):
    """A; B from scratch; B on A's layers, which are frozen at first."""
    (data_a, data_b), (test_a, test_b) = split(x_train, y_train), split(x_test, y_test)
    data_b = tuple(part[:200] for part in data_b)
    num_inputs = x_train.shape[1]
    model_a, model_b = network("A", num_inputs, 8), network("B", num_inputs, 1)
    for model in (model_a, model_b):  # both begin where TF1's did
        for layer in model.layers:
            names = [f"{model.name}/{layer.name}/{v.name}" for v in layer.weights]
            layer.set_weights([weights[name] for name in names])
        compile_model(model)

    losses_a = train(model_a, data_a, test_a, epochs)
    logits_a = model_a.predict_on_batch(test_a[0])  # predict() would go by 32; TF1 does not

    model = build_on(model_a)
    model.build((None, num_inputs))
    model.layers[-1].set_weights(model_b.layers[-1].get_weights())  # TF1's initial ones
    losses_alone = train(model_b, data_b, test_b, epochs)
    alone = model_b.predict_on_batch(test_b[0])

    set_frozen(model, True)
    losses_on_a = train(model, data_b, test_b, frozen)
    set_frozen(model, False)
    losses_on_a += train(model, data_b, test_b, epochs - frozen)
    on_a = model.predict_on_batch(test_b[0])
    return {
        "A: loss by epoch": np.array(losses_a, np.float32),
        "A: logits": logits_a,
        "A: accuracy": (logits_a.argmax(axis=1) == test_a[1]).mean(),
        "B from scratch: loss by epoch": np.array(losses_alone, np.float32),
        "B from scratch: logits": alone,
        "B from scratch: accuracy": ((alone > 0) == test_b[1]).mean(),
        "B on A: loss by epoch": np.array(losses_on_a, np.float32),
        "B on A: logits": on_a,
        "B on A: accuracy": ((on_a > 0) == test_b[1]).mean(),
    }
