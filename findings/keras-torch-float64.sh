#!/usr/bin/env bash
# On PyTorch Keras multiplies matrices of float64 in float32, also in a model that was built as float64.
#
# Library: Keras 3.15.1 on the PyTorch backend (torch 2.13.0); TensorFlow 2.21.0 for comparison.
# Behavior: keras.ops.matmul, dot, tensordot, var and mean of float64 tensors compute in float32, while exp,
#   tanh, sum and einsum compute in float64. With floatx and dtype policy float64 a Dense layer has float64 weights,
#   and its numbers are those of float32; where a bias is added, their dtype is float64 again. model.double() makes
#   no difference either: its outputs equal those before, bit for bit. On TensorFlow the same calls are exact.
# Guess: floatx float64 makes the whole computation float64 on each backend; or double() does, as with each other
#   torch.nn.Module.
# Why it matters: running both sides in float64 is the usual test of whether a difference between a TF1 model and
#   its port is rounding. On PyTorch the test finds the rounding of float32 again, behind the dtype float64.
#   Plain torch on the weights of the model is exact.
# Seen: Dense(64) of float64 off by 7e-06 on PyTorch, einsum on the same arrays by 7e-15; on TensorFlow both 7e-15.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 PYTHONWARNINGS=ignore
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 torch==2.13.0 tensorflow==2.21.0

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np

backend = keras.backend.backend()
random = np.random.default_rng(0)
x, kernel = random.normal(size=(32, 64)), random.normal(size=(64, 64))
exact = x @ kernel


def off(made):
    made = keras.ops.convert_to_numpy(made)
    return made.dtype.name, float(np.abs(made - exact).max())


keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
dense = keras.layers.Dense(64, use_bias=False)
dense.build((None, 64))
dense.set_weights([kernel])
a, b = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(kernel)
assert keras.ops.convert_to_numpy(a).dtype == dense.get_weights()[0].dtype == np.float64
found = {
    "Dense": off(dense(a)),
    "matmul": off(keras.ops.matmul(a, b)),
    "tensordot": off(keras.ops.tensordot(a, b, 1)),
    "einsum": off(keras.ops.einsum("ij,jk", a, b)),
}
print(backend, found)
assert found["einsum"][1] < 1e-13
for name in ("Dense", "matmul", "tensordot"):
    assert (found[name][1] > 1e-7) == (backend == "torch"), name

if backend == "torch":
    import torch

    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    with torch.no_grad():
        before = model(a.float())
        after = model.double()(a)
    print("double():", {p.dtype for p in model.parameters()}, torch.equal(before, after.float()))
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert torch.equal(before.double(), after.double())
PY
for backend in torch tensorflow; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
