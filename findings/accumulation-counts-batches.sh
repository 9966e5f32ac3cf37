#!/usr/bin/env bash
# With gradient_accumulation_steps the file's iteration counts batches, and the reader divides by its own setting.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: optimizer.iterations is iteration // gradient_accumulation_steps; optimizer.variables and every file hold the
#   undivided count. Loaded with another number of accumulation steps, the same file stands at another step. Loaded
#   without accumulation, the count of variables differs and the whole state is skipped with a warning.
# Guess: The file holds the number of updates, and accumulation is a matter of the run, not of the state.
# Why it matters: A converter that writes TF1's global_step into iteration is wrong by the factor of the accumulation: the
#   schedule and Adam's bias correction start at global_step / k. Changing k on a machine with more memory moves the step.
# Seen: 8 batches, 4 per update: iterations 2, file 8; read with 2 per update: 4, with 8: 1, without: 0 (skipped).
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import warnings

import keras
import numpy as np
import tensorflow as tf


def build(batches_per_update):
    optimizer = keras.optimizers.Adam(0.1, gradient_accumulation_steps=batches_per_update)
    optimizer.build([keras.Variable([1.0])])
    return optimizer


writer, store = build(4), {}
for _ in range(8):
    writer.apply([tf.constant([1.0])])
writer.save_own_variables(store)
in_file = int(np.asarray(store["0"]))
read = {}
for batches_per_update in (4, 2, 8, None):
    reader = build(batches_per_update)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reader.load_own_variables(store)
    read[batches_per_update] = (int(reader.iterations), len(caught))
print("updates", int(writer.iterations), "in the file", in_file)
print("read with k batches per update: (iterations, warnings)", read)
assert int(writer.iterations) == 2 and in_file == 8
assert read == {4: (2, 0), 2: (4, 0), 8: (1, 0), None: (0, 1)}
PY
