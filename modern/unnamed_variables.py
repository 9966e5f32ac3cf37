"""unnamed-variables in Keras: a file of weights goes by places, whatever the layers are called."""

import os

import keras
import numpy as np


# --- variables
def build_model(order):
    """Three layers on one input, made in the order given; here they always have names."""
    units = {"encoder": 3, "decoder": 3, "head": 2}
    x = keras.Input((3,), name="x")
    layers = [keras.layers.Dense(units[name], use_bias=False, name=name) for name in order]
    return keras.Model(x, [layer(x) for layer in layers])


# --- save
def save(folder):
    """Saves encoder, decoder and head, made in this order: the weights, and the whole model."""
    model = build_model(["encoder", "decoder", "head"])
    for number, name in enumerate(["encoder", "decoder", "head"], 1):
        kernel = model.get_layer(name).kernel
        kernel.assign(np.full(kernel.shape, number))
    model.save_weights(os.path.join(folder, "model.weights.h5"))
    model.save(os.path.join(folder, "model.keras"))
    print("saved:", ", ".join(layer.name for layer in model.layers[1:]))


# --- restore
def restore_by_place(folder, order):
    """load_weights: dense, dense_1 … are the layers of a class in the order of the model."""
    model = build_model(order)
    model.load_weights(os.path.join(folder, "model.weights.h5"))
    return model


def restore_by_name(folder, order):
    """The model as it was saved, and from it each layer by its name."""
    model = build_model(order)
    saved = keras.saving.load_model(os.path.join(folder, "model.keras"))
    for name in order:
        model.get_layer(name).set_weights(saved.get_layer(name).get_weights())
    return model


# --- trap
def trap(folder):
    """The layers have names, and load_weights does not look at them."""
    return run(folder, restore_by_place)


# --- cure
def cure(folder):
    """By name the order does not matter."""
    return run(folder, restore_by_name)


# --- loop
def run(folder, restore):
    """Saves once, and restores in two other orders of creation."""
    save(folder)
    try:
        restore(folder, ["head", "encoder", "decoder"])
        error = "restored"
    except ValueError as caught:
        text = str(caught)  # many lines, of which this is the one that matters
        error = text[text.index("The shape of") :].partition(" Target variable")[0]
    print("head created first:", error)

    model = restore(folder, ["decoder", "encoder", "head"])  # shapes agree: no error
    weights = {layer.name: layer.kernel.numpy() for layer in model.layers[1:]}
    for name, value in sorted(weights.items()):
        print(f"decoder made first: {name} is full of {value.mean():.0f}s")
    return {
        "head created first": error,
        "encoder": weights["encoder"],
        "decoder": weights["decoder"],
        "head": weights["head"],
    }
