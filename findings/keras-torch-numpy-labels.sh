#!/usr/bin/env bash
# On PyTorch train_on_batch hands numpy arrays to compute_loss, where fit hands tensors: the same loss can differ or fail.
#
# Library: Keras 3.15.1 on the PyTorch backend (torch 2.13.0); JAX 0.10.2 for comparison.
# Behavior: x and y of compute_loss (and of train_step, compute_metrics) are numpy arrays in train_on_batch and test_on_batch on
#   PyTorch, and torch tensors in fit and evaluate. Whatever numpy and torch mean differently by one name changes with the method
#   that is called: y.std() divides by n in one and by n - 1 in the other. y_pred - y, right in fit, raises an error.
#   On JAX both hand over the same kind.
# Guess: Keras converts a batch to tensors of its backend before it calls anything of the model, as TensorFlow and JAX do.
# Why it matters: TF1's training loops become loops over train_on_batch; their losses become compute_loss. The loss that was tested
#   with fit trains otherwise in the loop. keras.ops.convert_to_tensor on each label makes both alike.
# Seen: a loss divided by y.std(), labels 0 1 2 4: 0.5855 by fit, 0.6761 by train_on_batch; with y_pred - y RuntimeError "Can't
#   call numpy() on Tensor that requires grad".
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 CUDA_VISIBLE_DEVICES=-1 PYTHONWARNINGS=ignore
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile keras==3.15.1 numpy==2.4.6 torch==2.13.0 jax==0.10.2

cat >"$work/trial.py" <<'PY'
import keras
import numpy as np

backend = keras.backend.backend()
x, labels = np.ones((4, 3), "float32"), np.array([[0.0], [1.0], [2.0], [4.0]], "float32")
kinds = []


class ByDeviation(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        kinds.append(type(y).__name__)
        return keras.ops.mean(y_pred) / float(y.std()) if backend == "torch" else y.std()


class Squares(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y_pred - y) ** 2)


def made(kind):
    inputs = keras.Input((3,))
    layer = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(1 / 3))
    model = kind(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.0))
    return model


model = made(ByDeviation)
in_fit = model.fit(x, labels, batch_size=4, verbose=0).history["loss"][0]
seen = [kinds[-1]]
in_loop = float(model.train_on_batch(x, labels))
seen.append(kinds[-1])
print(backend, seen, in_fit, in_loop)
if backend == "jax":
    assert seen[0] == seen[1] and in_fit == in_loop
else:
    assert seen == ["Tensor", "ndarray"]
    assert abs(in_fit - 1 / labels.std(ddof=1)) < 1e-5
    assert abs(in_loop - 1 / labels.std()) < 1e-5
    made(Squares).fit(x, labels, verbose=0)
    try:
        made(Squares).train_on_batch(x, labels)
    except RuntimeError as error:
        print("RuntimeError:", error)
        assert "numpy() on Tensor that requires grad" in str(error)
    else:
        raise AssertionError("train_on_batch subtracts now")
PY
for backend in torch jax; do
  KERAS_BACKEND=$backend JAX_PLATFORMS=cpu "$work/venv/bin/python" "$work/trial.py"
done
