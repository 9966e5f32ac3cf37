"""export in TensorFlow 1: a SavedModel in a timestamped folder, and a server's JSON request."""

import json
import os
import time

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

# Degrees west and north, and people; about where New York is, and how far it reaches.
MEAN, DEVIATION = [-73.98, 40.75, -73.98, 40.75, 3.5], [0.0625, 0.0625, 0.0625, 0.0625, 2.0]
COLUMNS = ["pickuplon", "pickuplat", "dropofflon", "dropofflat", "passengers"]


def build():
    """Fares from five columns, each an input of its own, as a client sends them."""
    # --- inputs
    inputs = {name: tf.placeholder(tf.float32, [None], name=name) for name in COLUMNS}
    features = tf.stack([inputs[name] for name in COLUMNS], axis=1)
    # The scaling belongs to the model: a client should not have to know it.
    scaled = (features - MEAN) / DEVIATION

    # --- forward
    glorot = [tf.glorot_uniform_initializer(seed=seed) for seed in (1, 2, 3)]
    h = tf.layers.dense(scaled, 32, tf.nn.relu, kernel_initializer=glorot[0], name="hidden1")
    h = tf.layers.dense(h, 8, tf.nn.relu, kernel_initializer=glorot[1], name="hidden2")
    fare = tf.layers.dense(h, 1, kernel_initializer=glorot[2], name="output")[:, 0]
    return inputs, tf.identity(fare, name="fare")


# --- loop
def train(session, inputs, fare, x, y, steps):
    """A little, for predictions that mean something."""
    target = tf.placeholder(tf.float32, [None])
    loss = tf.reduce_mean((fare - target) ** 2)
    step = tf.train.AdamOptimizer(0.01).minimize(loss)
    session.run(tf.global_variables_initializer())
    feed = {inputs[name]: x[:, column] for column, name in enumerate(COLUMNS)}
    for _ in range(steps):
        session.run(step, {**feed, target: y})


# --- save
def export(session, inputs, fare, folder):
    """Writes <folder>/<seconds since 1970>/: a server takes the greatest number for the latest."""
    path = os.path.join(folder, str(int(time.time())))
    tf.saved_model.simple_save(session, path, inputs=inputs, outputs={"fare": fare})
    return path


# --- serve
def predict(path, request):
    """What a model server does with a request."""
    with tf.Graph().as_default(), tf.Session() as session:
        model = tf.saved_model.loader.load(session, [tf.saved_model.SERVING], path)
        signature = model.signature_def[request["signature_name"]]
        feed = {
            signature.inputs[name].name: [instance[name] for instance in request["instances"]]
            for name in signature.inputs
        }
        fares = session.run(signature.outputs["fare"].name, feed)
    return {"predictions": fares.tolist()}


def values(x_train, y_train, x_test, y_test, folder, steps=200):
    """Trains, exports, and predicts from a file of instances."""
    tf.set_random_seed(0)
    inputs, fare = build()
    with tf.Session() as session:
        train(session, inputs, fare, x_train, y_train[:, 0], steps)
        tf.train.Saver(tf.trainable_variables()).save(session, os.path.join(folder, "model.ckpt"))
        path = export(session, inputs, fare, os.path.join(folder, "export"))

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
