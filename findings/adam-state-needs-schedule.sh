#!/usr/bin/env bash
# Keras 3 loads Adam's state from a tf_keras file only if its learning rate is a schedule, not a number.
#
# Library: tf_keras 2.21.0 writes, keras 3.15.1 on tensorflow 2.21.0 reads; Python 3.11.
# Behavior: Keras 3 keeps a number given as learning rate in a variable of the optimizer; a schedule is no variable. It
#   loads by count: n + 1 variables against n in the file, and it skips all of them, the step count too, with a warning.
#   With any schedule the counts agree and all moments load. The same rule drops the state of a Keras 3 run when its
#   constant rate becomes a schedule, or a schedule becomes a number.
# Guess: The learning rate and the moments are separate, so the moments load whatever the rate is.
# Why it matters: Decaying the rate at a resume is the common case. The model loads, training goes on, and Adam starts from
#   zero moments at step 0.
# Seen: rate 0.01: step 0, moments not loaded, one warning; ExponentialDecay(0.01, 100, 1.0): step 3, all moments loaded;
#   Keras 3 constant to Keras 3 schedule: step 0.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern tf_keras==2.21.0

"$WORK/modern/bin/python" - <<'PY'
import os
import warnings

import keras
import numpy as np
import tf_keras

data = np.random.default_rng(0).random((8, 2)).astype("float32")


def build(library, rate):
    model = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
    model.compile(library.optimizers.Adam(rate), "mse")
    return model


def load(path, rate, moments):
    model = build(keras, rate)
    model.optimizer.build(model.trainable_variables)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.load_weights(path)
    own = [v.numpy() for v in model.optimizer.variables if v.path.endswith(("momentum", "velocity"))]
    same = all(np.array_equal(a, b) for a, b in zip(own, moments, strict=True))
    skipped = sum("Skipping variable loading" in str(w.message) for w in caught)
    return int(model.optimizer.iterations), same, skipped


schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 1.0)  # 0.01 at every step
found = {}
for library in (tf_keras, keras):
    model = build(library, 0.01)
    model.fit(data, data[:, :1], epochs=3, verbose=0)
    path = os.path.join(os.environ["WORK"], library.__name__ + ".weights.h5")
    model.save_weights(path)
    moments = [v.numpy() for v in model.optimizer.variables][1 if library is tf_keras else 2 :]
    for name, rate in (("number", 0.01), ("schedule", schedule)):
        found[library.__name__, name] = load(path, rate, moments)
        print(library.__name__, "into Keras 3,", name, ": step, moments, warnings", found[library.__name__, name])
assert found["tf_keras", "number"] == (0, False, 1)
assert found["tf_keras", "schedule"] == (3, True, 0)
assert found["keras", "number"] == (3, True, 0)
assert found["keras", "schedule"] == (0, False, 1)
PY
