#!/usr/bin/env bash
# On PyTorch model.train() of a Keras model turns no dropout on, and its weights count twice.
#
# Library: Keras 3.15.1 on the PyTorch backend (torch 2.13.0).
# Behavior: a Keras model is a torch.nn.Module, but a call without training= is inference after
#   model.train() too. state_dict() of a Sequential names each weight twice, in alphabetical order, kernels
#   as (in, out), moving statistics as parameters and not as buffers, and the state of a dropout seed among
#   them. That state is of integers, so that model.requires_grad_(True) is an error.
# Guess: model.train() and eval() steer dropout and batch normalization as in each other Module, and
#   state_dict has one key a weight in the order of the layers.
# Why it matters: a loop in the style of PyTorch that fine-tunes a converted TF1 model trains without
#   dropout and never moves the statistics, with no word; "summing the state_dict" counts twice.
# Seen: after train() two calls are equal, with training=True they differ; 18 keys for 9 variables.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 torch==2.13.0

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np
import torch

layers = keras.layers
model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(3, name="zeta"),
    layers.BatchNormalization(name="norm"),
    layers.Dropout(0.5, seed=1, name="drop"),
    layers.Dense(2, name="alpha"),
])
x = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)

model.train()
first, second = model(x), model(x)
print("train(): flag", model.training, "equal calls", torch.equal(first, second))
assert model.training and torch.equal(first, second)
assert np.array_equal(model.get_layer("norm").get_weights()[2], np.zeros(3))
first, second = model(x, training=True), model(x, training=True)
print("training=True: equal calls", torch.equal(first, second))
assert not torch.equal(first, second)
assert model.get_layer("norm").get_weights()[2].any()

keys = list(model.state_dict())
print(len(keys), "keys in state_dict for", len(model.variables), "variables:")
print("\n".join(keys))
assert len(model.variables) == 9 and len(keys) == 18
assert list(model.buffers()) == []
short = [key.rsplit(".", 1)[1] for key in keys[9:]]
assert short == sorted(short) and short[1].endswith("alpha/bias")
try:
    model.requires_grad_(True)
except RuntimeError as error:
    print("requires_grad_(True):", error)
else:
    raise SystemExit("requires_grad_(True) passes: the behavior changed")
PY
for backend in torch; do
  KERAS_BACKEND="$backend" "$work/venv/bin/python" "$work/trial.py"
done
