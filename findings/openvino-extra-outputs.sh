#!/usr/bin/env bash
# A Keras model with one output becomes an OpenVINO model with two: the second is a size in the attention.
#
# Library: Keras 3.15.1 on TensorFlow 2.21.0, OpenVINO 2026.4.1 (SciPy 1.17.1, which its reader imports).
# Behavior: model.export(format="openvino") of a model with an open length and MultiHeadAttention writes a
#   file with an output more: a scalar that the layer computes from shapes and does not use afterwards. A
#   GPT of two layers has thirteen outputs in place of one. The first one is right.
# Guess: the outputs of the file are those of the Keras model, as in the ONNX, LiteRT and SavedModel exports.
# Why it matters: a server that returns all outputs, or unpacks them by number, meets integers that no layer
#   of the TF1 network has. A comparison by zip() passes only because the first output comes first.
# Seen: Keras 1 output (2, 5, 3), OpenVINO 2: (2, 5, 3) and () with the value 4.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modern openvino==2026.4.1 scipy==1.17.1

cd "$WORK"
"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import openvino

ids = keras.Input((None,), dtype="int32", name="ids")
x = keras.layers.Embedding(11, 8)(ids)
y = keras.layers.Dense(3)(keras.layers.MultiHeadAttention(2, 4)(x, x))
model = keras.Model(ids, y)
given = np.arange(10, dtype=np.int32).reshape(2, 5)
want = np.asarray(model(given))
model.export("model.xml", format="openvino", verbose=False)
compiled = openvino.compile_model("model.xml", "CPU")
made = [compiled(given)[output] for output in compiled.outputs]
print("Keras:", len(model.outputs), "output", want.shape)
print("OpenVINO:", len(made), "outputs", [value.shape for value in made], "the last is", made[-1])
assert len(model.outputs) == 1 and len(made) == 2
assert np.abs(made[0] - want).max() < 1e-4
assert made[1].shape == () and made[1] == 4
PY
