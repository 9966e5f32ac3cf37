#!/usr/bin/env bash
# AdamW shrinks a head that the loss does not use on JAX, and on no other backend.
#
# Library: Keras 3.15.1 on JAX (jax 0.10.2) and PyTorch (torch 2.13.0).
# Behavior: a model has two outputs, and compile gives the second the loss None. On PyTorch (and on
#   TensorFlow) no gradient reaches that head, and the optimizer leaves it alone. On JAX its gradient is an
#   array of zeros, so that the weight decay applies: weights of 1 become 0.99 in one step.
# Guess: the same on each backend: either all of them decay it, or none.
# Why it matters: a TF1 checkpoint with several heads, of which one is fine-tuned at a time, loses the
#   others under JAX: after 500 such steps 0.7 % of a weight is left. TF1's optimizers skip what has no gradient.
# Seen: jax: unused kernel 0.99; torch: unused kernel 1.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np

backend = keras.backend.backend()
x = keras.Input((3,))
used = keras.layers.Dense(1, name="used", kernel_initializer="ones")
unused = keras.layers.Dense(1, name="unused", kernel_initializer="ones")
model = keras.Model(x, [used(x), unused(x)])
model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.1), ["mse", None])
model.train_on_batch(np.ones((4, 3), np.float32), np.zeros((4, 1), np.float32))
kernel = unused.get_weights()[0].ravel()
print(f"{backend}: unused head after one step: {kernel.tolist()}")
expected = 0.99 if backend == "jax" else 1.0
assert np.allclose(kernel, expected, atol=1e-6)
assert not np.allclose(used.get_weights()[0], 1.0)
PY
for backend in jax torch; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
