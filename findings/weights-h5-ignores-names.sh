#!/usr/bin/env bash
# A .weights.h5 file of Keras 3 holds no layer names: named layers take weights by the order of their calls.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: The file names its groups dense, dense_1, … by class and by place in the model. A model whose named layers are
#   called in another order loads without a warning, and the two layers have each other's weights. load_weights has no
#   by_name for this format.
# Guess: Layers have names, the group names look like names, so weights go to the layer of that name or the load fails.
# Why it matters: A converted model is often rebuilt in code by name, from the TF1 scopes. A layer inserted or called
#   earlier moves all weights of that class by one place, and equal shapes are the rule in deep models.
# Seen: saved first = 1, second = 2; loaded into the same names in the other order: first = 2, second = 1.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import os
import warnings

import h5py
import keras
import numpy as np

path = os.path.join(os.environ["WORK"], "model.weights.h5")


def build(order):
    inputs = keras.Input((2,))
    layers = {name: keras.layers.Dense(2, name=name) for name in ("first", "second")}
    outputs = inputs
    for name in order:
        outputs = layers[name](outputs)
    return keras.Model(inputs, outputs), layers


model, layers = build(["first", "second"])
for name, value in (("first", 1.0), ("second", 2.0)):
    layers[name].set_weights([np.full((2, 2), value), np.zeros(2)])
model.save_weights(path)
with h5py.File(path, "r") as file:
    groups = sorted(file["layers"])

model, layers = build(["second", "first"])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    model.load_weights(path)
loaded = {name: float(layer.get_weights()[0][0, 0]) for name, layer in layers.items()}
print("groups in the file:", groups)
print("saved first = 1, second = 2; loaded:", loaded)
assert "first" not in groups and {"dense", "dense_1"} <= set(groups)
assert loaded == {"first": 2.0, "second": 1.0}
PY
