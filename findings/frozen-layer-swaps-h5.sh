#!/usr/bin/env bash
# A nested model saved to .h5 by TF 1.15 with one layer frozen loads with its layers' weights swapped, silently.
#
# Library: tensorflow 1.15.5 writes (Python 3.7), keras 3.15.1 on tensorflow 2.21.0 reads (Python 3.11).
# Behavior: For a nested model the file lists trainable weights first and frozen ones after them. The reader ignores the
#   names in the file (b/kernel:0, a/kernel:0) and hands them out in the order of its own model's flags. With equal shapes
#   the two kernels change places. The reader that freezes the same layer first gets them right.
# Guess: Weights carry names in the file, so either they go to the layer of that name or the load fails.
# Why it matters: Transfer learning models of the TF1 era are nested and frozen. One rebuilt without the freeze loads
#   without a warning and computes something else.
# Seen: written a = 1, b = 2; read a = 2, b = 1; read with a frozen: a = 1, b = 2.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern

"$WORK/tf1/bin/python" - <<'PY'
import os

import h5py
import numpy as np
import tensorflow as tf

keras = tf.keras
dense = keras.layers.Dense
inner = keras.Sequential(
    [dense(2, name="a", use_bias=False, input_shape=(2,)), dense(2, name="b", use_bias=False)], name="inner"
)
inner.get_layer("a").trainable = False
outer = keras.Sequential([inner, dense(2, name="c", use_bias=False)])
outer.build((None, 2))
for name, value in (("a", 1.0), ("b", 2.0)):
    inner.get_layer(name).set_weights([np.full((2, 2), value)])
path = os.path.join(os.environ["WORK"], "nested.h5")
outer.save_weights(path)
with h5py.File(path, "r") as file:
    names = [n.decode() for n in file["inner"].attrs["weight_names"]]
print("TF 1.15.5 writes a = 1, b = 2; names in the file:", names)
assert names == ["b/kernel:0", "a/kernel:0"], names
PY

"$WORK/modern/bin/python" - <<'PY'
import os

import keras

dense = keras.layers.Dense


def read(frozen):
    inner = keras.Sequential(
        [keras.Input((2,)), dense(2, name="a", use_bias=False), dense(2, name="b", use_bias=False)], name="inner"
    )
    inner.get_layer("a").trainable = not frozen
    outer = keras.Sequential([keras.Input((2,)), inner, dense(2, name="c", use_bias=False)])
    outer.load_weights(os.path.join(os.environ["WORK"], "nested.h5"))
    return {name: float(inner.get_layer(name).get_weights()[0][0, 0]) for name in ("a", "b")}


print("Keras 3 reads", read(frozen=False), "and with layer a frozen", read(frozen=True))
assert read(frozen=False) == {"a": 2.0, "b": 1.0}
assert read(frozen=True) == {"a": 1.0, "b": 2.0}
PY
