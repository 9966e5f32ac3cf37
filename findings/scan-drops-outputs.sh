#!/usr/bin/env bash
# keras.ops.scan on TensorFlow returns only as many outputs as there are carried values, without a word.
#
# Library: Keras 3.15.1 on its TensorFlow backend (tensorflow 2.21.0), beside its JAX backend (jax 0.10.2).
# Behavior: the stacked outputs have the structure of the carry, not of what the step returns. A step with one
#   carried value that returns two outputs gives one; the second is dropped. A step that returns None as its output
#   gives zeros. An output of another shape or dtype than the carry raises. On JAX the outputs are those of the step.
# Guess: the backends return the same, since the documentation gives one signature, (carry, y) → (carry, ys).
# Why it matters: tf.scan and while_loop of TF1 become a scan in Keras. A loop with more outputs than states loses
#   some of them on TensorFlow alone, and code that was tried on JAX says nothing when it is moved back.
# Seen: TensorFlow [0.0, 0.0, 10.0, 30.0], and [0.0, 0.0, 0.0, 0.0] for None; JAX both outputs, and None.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modern
environment second "${PYTHON:-python3.11}" keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2

cat >"$WORK/trial.py" <<'PY'
import keras
import numpy as np

numbers = np.arange(4, dtype="float32")


def listed(found):
    return keras.tree.map_structure(lambda y: keras.ops.convert_to_numpy(y).tolist(), found)


_, two = keras.ops.scan(lambda c, x: (c + x, (c * 10, x * 100)), np.float32(0), numbers)
_, none = keras.ops.scan(lambda c, x: (c + x, None), np.float32(1), numbers)
two, none = listed(two), None if none is None else listed(none)
print(f"{keras.backend.backend()}: a step with two outputs gives {two}, a step with none gives {none}")
first, second = [0.0, 0.0, 10.0, 30.0], [0.0, 100.0, 200.0, 300.0]
if keras.backend.backend() == "tensorflow":
    assert two == first
    assert none == [0.0] * 4
else:
    assert two == (first, second)
    assert none is None
PY
KERAS_BACKEND=tensorflow "$WORK/modern/bin/python" "$WORK/trial.py" 2>"$WORK/log" || { cat "$WORK/log"; exit 1; }
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$WORK/second/bin/python" "$WORK/trial.py"
