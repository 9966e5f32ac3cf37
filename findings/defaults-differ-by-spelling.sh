#!/usr/bin/env bash
# Keras has one function under two defaults: gelu is exact as an activation and approximate as an op, LeakyReLU leaks 0.3 and leaky_relu 0.2.
#
# Library: keras 3.15.1 (jax 0.10.2).
# Behavior: keras.ops.gelu(x) is the tanh formula, keras.activations.gelu(x) and Activation("gelu") are the exact one by erf;
#   they differ by up to 4.7e-4. keras.layers.LeakyReLU() has a slope of 0.3, Activation("leaky_relu"), Dense(activation=
#   "leaky_relu"), keras.activations.leaky_relu and keras.ops.leaky_relu one of 0.2.
# Guess: the layer, the activation of that name and the op are one function, and one can be put in the place of another.
# Why it matters: BERT's GELU is the tanh formula (google-research) or erf (its first release), GPT-2's is tanh, and
#   tf.nn.leaky_relu leaks 0.2. Rewriting a model from keras.ops to layers, or back, changes its outputs in the fourth digit, where
#   nobody sees it. Write approximate= and negative_slope=.
# Seen: at 1: ops.gelu 0.84119, activations.gelu 0.84134; at -1: LeakyReLU -0.3, Activation("leaky_relu") -0.2.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
environment jax "${PYTHON:-python3.11}" keras==3.15.1 jax==0.10.2 numpy==2.4.6

KERAS_BACKEND=jax "$WORK/jax/bin/python" - <<'PY'
from math import erf, pi, sqrt, tanh

import keras
import numpy as np

at = np.linspace(-5, 5, 1001, dtype=np.float32)
exact = np.array([x / 2 * (1 + erf(x / sqrt(2))) for x in at])
by_tanh = np.array([x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) for x in at])


def apart(made, wanted):
    return float(np.abs(np.asarray(made) - wanted).max())


print("erf and tanh differ by", np.abs(exact - by_tanh).max())
assert 4e-4 < np.abs(exact - by_tanh).max() < 5e-4
assert apart(keras.ops.gelu(at), by_tanh) < 1e-6
assert apart(keras.activations.gelu(at), exact) < 1e-6
assert apart(keras.layers.Activation("gelu")(at), exact) < 1e-6
print("at 1:", float(keras.ops.gelu(np.float32(1))), float(keras.activations.gelu(np.float32(1))))

one = np.array([[-1.0]], dtype=np.float32)
dense = keras.layers.Dense(1, activation="leaky_relu", kernel_initializer="ones")
slopes = {
    "LeakyReLU()": keras.layers.LeakyReLU()(one),
    'Activation("leaky_relu")': keras.layers.Activation("leaky_relu")(one),
    'Dense(activation="leaky_relu")': dense(one),
    "activations.leaky_relu": keras.activations.leaky_relu(one),
    "ops.leaky_relu": keras.ops.leaky_relu(one),
}
slopes = {name: round(-float(np.asarray(value).item()), 6) for name, value in slopes.items()}
print(slopes)
assert slopes.pop("LeakyReLU()") == 0.3 and set(slopes.values()) == {0.2}
PY
