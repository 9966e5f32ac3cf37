"""save-restore in Keras: the whole model in one .keras file, or the weights in one .h5 file."""

import os
import zipfile

import h5py
import keras
import numpy as np


# --- variables
def build_model(num_units):
    """One layer, with a kernel and a bias."""
    inputs = keras.Input((2,), name="x")
    return keras.Sequential([inputs, keras.layers.Dense(num_units, name="dense")])


# --- save
def save(folder, weights, points, num_units):
    """Takes the variables over from TF1 and saves them; returns the outputs that they give.

    Args:
        weights: what the TF1 program saved, by name.
    """
    model = build_model(num_units)
    dense = model.get_layer("dense")
    dense.set_weights([weights["weight"], weights["bias"]])
    model.save(os.path.join(folder, "model.keras"))
    model.save_weights(os.path.join(folder, "model.weights.h5"))
    return model(points).numpy()


# --- restore
def restore(folder, points, num_units):
    """Builds the model again and fills it."""
    model = build_model(num_units)
    model.load_weights(os.path.join(folder, "model.weights.h5"))
    return *model.get_weights(), model(points).numpy()


def load_model(folder, points):
    """The same without the code: the architecture is in the .keras file."""
    model = keras.saving.load_model(os.path.join(folder, "model.keras"))
    return model(points).numpy()


# --- files
def describe(folder):
    """What each of the files holds."""
    path = os.path.join(folder, "model.keras")
    print(f"model.keras, {os.path.getsize(path)} bytes, a zip of:")
    holds = {
        "metadata.json": "version and date",
        "config.json": "the architecture, optimizer and loss: what it takes to build the model",
        "model.weights.h5": "the weights",
    }
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            print(f"  {member.filename}, {member.file_size} bytes: {holds[member.filename]}")
    path = os.path.join(folder, "model.weights.h5")
    print(f"model.weights.h5, {os.path.getsize(path)} bytes: the weights, by place in the model")
    sizes = []

    def visit(name, node):
        if isinstance(node, h5py.Dataset):
            sizes.append(node.nbytes)
            print(f"  {name} {list(node.shape)}")

    with h5py.File(path) as file:
        file.visititems(visit)
    return sum(sizes)


# --- loop
def values(points, weights, folder, num_units=3):
    """Saves, restores twice, and looks into the files."""
    before = save(folder, weights, points, num_units)
    # There is no graph to reset: the first model is an object, and gone.
    kernel, bias, after = restore(folder, points, num_units)
    loaded = load_model(folder, points)
    return {
        "weight": kernel,
        "bias": bias,
        "outputs": after,
        "changed by saving": np.abs(before - after).max(),
        "changed, built from the file": np.abs(before - loaded).max(),
        "bytes of numbers": describe(folder),
    }
