#!/usr/bin/env bash
# TensorFlow's square root has the gradient 0 where nothing flows back; on JAX it is NaN.
#
# Library: Keras 3.15.1 on TensorFlow 2.21.0 and JAX (jax 0.10.2).
# Behavior: TensorFlow's gradient kernel of sqrt (and of rsqrt) returns 0 if the gradient that comes in is
#   0, and never computes 0 * infinity. where(x > 0, sqrt(x), 0) at x = 0 has the gradient 0 on TensorFlow,
#   in TF 1.15 too. On JAX it is NaN.
# Guess: NaN on both backends. TensorFlow's own guide warns of a where that does not guard its inside.
# Why it matters: TF1 code that masks a norm or a standard deviation after it took the root trains
#   without harm for years, and gives NaN weights in its first step after the move.
# Seen: gradient at 0: tensorflow 0.0, jax nan; at 4: 0.25 on both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 tensorflow==2.21.0 jax==0.10.2 jaxlib==0.10.2

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np
from keras import ops

backend = keras.backend.backend()
points = np.array([0.0, 4.0], np.float32)


def rooted(x):
    return ops.sum(ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x)))


if backend == "tensorflow":
    import tensorflow as tf

    x = tf.Variable(points)
    with tf.GradientTape() as tape:
        y = rooted(x)
    gradient = tape.gradient(y, x).numpy()
else:
    import jax

    gradient = np.asarray(jax.jit(jax.grad(rooted))(jax.numpy.asarray(points)))
print(f"{backend}: gradient of the masked root at {points.tolist()}: {gradient.tolist()}")
assert gradient[1] == 0.25
if backend == "tensorflow":
    assert gradient[0] == 0
else:
    assert np.isnan(gradient[0])
PY
for backend in tensorflow jax; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
