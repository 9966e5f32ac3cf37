#!/usr/bin/env bash
# A Keras tensor that is multiplied by a number counts as sparse, and a custom layer after it gets a wrong shape.
#
# Library: Keras 3.15.1 on its TensorFlow backend (tensorflow 2.21.0), beside its JAX backend (jax 0.10.2).
# Behavior: in a functional model x * 2.0 is marked sparse=True (so is x times a numpy array), while x + 2.0, x / 2.0 and
#   -x are not. Keras tries a custom layer that does not state its output on a sparse example of one row. On TensorFlow a
#   layer that adds its weight of shape (1, 12) is then believed to give (1, 12), not (None, 12): the batch is lost in the
#   shape, and a Flatten or a Reshape that follows is built for it. On JAX the same layer cannot be called at all.
# Guess: x * 2.0 is as dense as x, and the layer gives (None, 12) on each backend.
# Why it matters: TF1 networks scale embeddings and scores (x * sqrt(d), 0.5 * x), and a Keras version of them puts custom
#   layers after that. It works where the layer states its output (compute_output_spec), or after x / 0.5.
# Seen: sparse True after *, False after /; TensorFlow (1, 12) after *, (None, 12) after /; JAX NotImplementedError.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modern
environment second "${PYTHON:-python3.11}" keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2

cat >"$WORK/trial.py" <<'PY'
import keras


class AddsItsWeight(keras.layers.Layer):
    def build(self, input_shape):
        self.weight = self.add_weight(shape=(1, 12))

    def call(self, x):
        return x + self.weight


def shape_after(x):
    try:
        return AddsItsWeight()(x).shape
    except NotImplementedError:
        return "NotImplementedError"


backend, x = keras.backend.backend(), keras.Input((12,))
product, quotient = x * 2.0, x / 0.5
print(f"{backend}: x * 2.0 is sparse: {product.sparse}, x / 0.5 is sparse: {quotient.sparse}")
after = shape_after(product), shape_after(quotient)
print(f"{backend}: the custom layer gives {after[0]} after x * 2.0 and {after[1]} after x / 0.5")
assert (product.sparse, quotient.sparse) == (True, False)
assert (x + 2.0).sparse is False and (-x).sparse is False
assert after[0] == {"tensorflow": (1, 12), "jax": "NotImplementedError"}[backend]
assert after[1] == (None, 12)
PY
KERAS_BACKEND=tensorflow "$WORK/modern/bin/python" "$WORK/trial.py" 2>"$WORK/log" || { cat "$WORK/log"; exit 1; }
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$WORK/second/bin/python" "$WORK/trial.py"
