#!/usr/bin/env bash
# An id that a batch has twice trains its embedding row otherwise on TensorFlow than on JAX.
#
# Library: Keras 3.15.1 on TensorFlow 2.21.0 and JAX (jax 0.10.2).
# Behavior: TensorFlow gives the optimizer one gradient for each occurrence of an id and never adds those
#   of one id up; JAX gives it their sum. Adam's first step is 0.1414 against 0.1 for a row that
#   occurs twice (v holds 2g^2 against (2g)^2), and a global_clipnorm finds a smaller norm, so that plain
#   SGD moves by 0.075 against 0.0474. Without clipping SGD agrees.
# Guess: the .keras file holds the weights, the optimizer and its state: training goes on alike. If
#   TensorFlow differs then by leaving rows out that a batch lacks; but Keras's Adam moves those everywhere.
# Why it matters: a TF1 text model moved to Keras gets two courses of training from one .keras file;
#   neither backend is TF1 in both: TF1's AdamOptimizer adds the rows of an id up first (0.1), and its
#   clip_by_global_norm does not (0.075).
# Seen: Adam: tensorflow 0.1414, jax 0.1000; clipped SGD: 0.0750 against 0.0474.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 tensorflow==2.21.0 jax==0.10.2 jaxlib==0.10.2

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np

backend = keras.backend.backend()


def step(optimizer, batch):
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", trainable=False)
    embedding = keras.layers.Embedding(4, 1, embeddings_initializer="zeros")
    inputs = keras.Input((2,), dtype="int32")
    model = keras.Sequential([inputs, embedding, keras.layers.Flatten(), dense])
    model.compile(optimizer, "mse")
    model.train_on_batch(np.array(batch), np.ones((len(batch), 1), np.float32))
    return embedding.get_weights()[0].ravel()


adam = step(keras.optimizers.Adam(0.1), [[0, 0], [1, 2]])
clipped = step(keras.optimizers.SGD(0.1, global_clipnorm=0.5), [[0, 0], [0, 1]])
plain = step(keras.optimizers.SGD(0.1), [[0, 0], [0, 1]])
print(f"{backend}: rows after one step: Adam {adam}, clipped SGD {clipped}, SGD {plain}")
assert np.allclose(plain, [0.3, 0.1, 0, 0], atol=1e-6)
assert np.allclose(adam[1:], [0.1, 0.1, 0], atol=1e-5)
if backend == "tensorflow":
    assert abs(adam[0] - 0.1 * np.sqrt(2)) < 1e-4
    assert abs(clipped[0] - 0.075) < 1e-6
else:
    assert abs(adam[0] - 0.1) < 1e-4
    assert abs(clipped[0] - 0.1 * 0.5 * 3 / np.sqrt(10)) < 1e-6
PY
for backend in tensorflow jax; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
