"""export in Keras: a SavedModel in a timestamped folder, and a server's JSON request."""

import json
import os
import time

import keras
import numpy as np
import tensorflow as tf

# Degrees west and north, and people; about where New York is, and how far it reaches.
MEAN, DEVIATION = [-73.98, 40.75, -73.98, 40.75, 3.5], [0.0625, 0.0625, 0.0625, 0.0625, 2.0]
COLUMNS = ["pickuplon", "pickuplat", "dropofflon", "dropofflat", "passengers"]


def build_model():
    """Fares from five columns, each an input of its own, as a client sends them."""
    # --- inputs
    inputs = {name: keras.Input((), name=name) for name in COLUMNS}
    features = keras.ops.stack([inputs[name] for name in COLUMNS], axis=1)
    # The scaling belongs to the model: a client should not have to know it.
    scaled = keras.layers.Normalization(mean=MEAN, variance=np.square(DEVIATION))(features)

    # --- forward
    h = keras.layers.Dense(32, "relu", name="hidden1")(scaled)
    h = keras.layers.Dense(8, "relu", name="hidden2")(h)
    fare = keras.layers.Dense(1, name="output")(h)[:, 0]
    return keras.Model(inputs, {"fare": fare})


# --- loop
def take_over(model, weights):
    """The TF1 program has trained; its weights are taken over.

    Args:
        weights: what it saved, by name.
    """
    for name in ("hidden1", "hidden2", "output"):
        kernel_and_bias = [weights[f"{name}/kernel"], weights[f"{name}/bias"]]
        model.get_layer(name).set_weights(kernel_and_bias)


# --- save
def export(model, folder):
    """Writes <folder>/<seconds since 1970>/: a server takes the greatest number for the latest.

    model.save() writes for those who go on training; export() for those who only ask.
    """
    path = os.path.join(folder, str(int(time.time())))
    model.export(path, verbose=False)
    return path


# --- serve
def predict(path, request):
    """What a model server does with a request; it needs no Keras, and no code of ours."""
    model = tf.saved_model.load(path)
    signature = model.signatures[request["signature_name"]]
    columns = {
        name: tf.constant([instance[name] for instance in request["instances"]]) for name in COLUMNS
    }
    return {"predictions": signature(**columns)["fare"].numpy().tolist()}


def values(x_train, y_train, x_test, y_test, weights, folder, **_):
    """Exports, and predicts from a file of instances."""
    model = build_model()
    take_over(model, weights)
    path = export(model, os.path.join(folder, "export"))

    # --- client
    with open(os.path.join(folder, "request.json"), "w") as file:
        instances = [
            {name: float(row[column]) for column, name in enumerate(COLUMNS)} for row in x_test[:3]
        ]
        json.dump({"signature_name": "serving_default", "instances": instances}, file)
    with open(os.path.join(folder, "request.json")) as file:
        request = json.load(file)
    response = predict(path, request)
    print("request:", json.dumps(request["instances"][0]), "and 2 more")
    print("response:", json.dumps(response))
    for root, _, files in sorted(os.walk(path)):
        for name in sorted(files):
            print("exported:", os.path.relpath(os.path.join(root, name), folder))
    return {"predictions": np.array(response["predictions"], np.float32), "fares": y_test[:3, 0]}
