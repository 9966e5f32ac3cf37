#!/usr/bin/env bash
# On JAX the gradient of abs at 0 is 1: a model that fits perfectly moves away.
#
# Library: Keras 3.15.1 on the JAX backend (jax 0.10.2), beside keras.ops.sign on the same backend.
# Behavior: the derivative of keras.ops.abs at 0 is 1 on JAX, and 0 on PyTorch (and on TensorFlow 1 and 2).
#   With the loss "mae", a label of 0 and a prediction of 0, one SGD step moves the bias by the learning
#   rate. An L1 penalty on a zero kernel moves each weight by the penalty.
# Guess: 0 on each backend; sign(0) is 0 on each of them.
# Why it matters: a TF1 checkpoint of a sparse model (L1 made weights exactly 0), or one trained on padded
#   targets by the mean absolute error, stays as it is under TensorFlow and PyTorch, and drifts under JAX.
# Seen: sign(0) 0.0, derivative of abs at 0 1.0; after one step bias 1.0, kernel -0.01.
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
dense = keras.layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L1(0.01))
model = keras.Sequential([keras.Input((3,)), dense])
model.compile(keras.optimizers.SGD(1.0), "mae")
loss = model.train_on_batch(np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32))
kernel, bias = model.get_weights()
print(f"{backend}: loss {float(loss)}, after one step bias {bias.tolist()}, kernel {kernel.ravel().tolist()}")
sign = float(keras.ops.convert_to_numpy(keras.ops.sign(np.float32(0))))
slope = float(jax.grad(keras.ops.abs)(0.0))
print(f"{backend}: sign(0) {sign}, derivative of abs at 0 {slope}")
assert loss == 0 and sign == 0 and slope == 1
# abs(label - prediction) has the slope -1 in the prediction.
assert bias.tolist() == [1.0]
assert np.allclose(kernel, -0.01)
PY
for backend in jax; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
