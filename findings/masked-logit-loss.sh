#!/usr/bin/env bash
# A logit of minus infinity makes the sparse cross-entropy NaN on JAX, and jax.jit takes the NaN away.
#
# Library: Keras 3.15.1 on the JAX backend (jax 0.10.2).
# Behavior: sparse_categorical_crossentropy(label 0, logits [0, -inf, 1], from_logits=True) is 1.3133 in
#   TensorFlow 1 and 2. On JAX it is a sum of one_hot times log_softmax: 0 times minus infinity
#   is NaN. Compiled by jax.jit the same function gives 1.3133, and its gradient is right either way.
# Guess: 1.3133 everywhere, since "sparse" means that the loss reads the one entry of the label; and if
#   it is NaN, then NaN with jax.jit too, which keeps the values.
# Why it matters: TF1 code masks illegal moves, padded classes or banned tokens by minus infinity. Moved
#   to JAX, fit shows a number; a loop of one's own, run_eagerly=True or jit_compile=False shows NaN for
#   the same weights, and whoever hunts the NaN in eager mode hunts nothing. A mask of -1e9 works in both.
# Seen: nan, under jax.jit 1.3132616, gradient [-0.731, 0, 0.731]; with -1e9 in place of -inf all agree.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2

cat >"$work/trial.py" <<'PY'
import jax
import keras
import numpy as np

backend = keras.backend.backend()


def loss_of(logits):
    label = np.array([0])
    return keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True)[0]


for mask in (-np.inf, -1e9):
    logits = np.array([[0.0, mask, 1.0]], np.float32)
    loss = float(keras.ops.convert_to_numpy(loss_of(logits)))
    print(f"{backend}: mask {mask}: loss {loss:.7f}")
    compiled = float(jax.jit(loss_of)(logits))
    gradient = np.asarray(jax.grad(loss_of)(jax.numpy.asarray(logits))).ravel()
    print(f"{backend}: mask {mask}: under jax.jit {compiled:.7f}, gradient {gradient}")
    assert abs(compiled - 1.3132616) < 1e-6
    assert np.allclose(gradient, [-0.7310586, 0, 0.7310586], atol=1e-6)
    if np.isinf(mask):
        assert np.isnan(loss)
    else:
        assert abs(loss - 1.3132616) < 1e-6
PY
for backend in jax; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
