#!/usr/bin/env bash
# A model trained in mixed_float16 loads with its layers still in mixed_float16 but without loss scale and moments.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: compile() wraps the optimizer in a LossScaleOptimizer when the global policy is mixed_float16. The .keras file
#   names the inner optimizer only. In a process with the default policy load_model restores the layers' own policies and
#   compiles a bare Adam, whose count of variables does not fit, so moments and step are skipped with a warning.
# Guess: A .keras file restores the training state of the process that wrote it, loss scale included, or load_model raises.
# Why it matters: TF1's mixed precision rewrites keep a loss scale in the checkpoint. Moved with all care into a .keras
#   file, it is lost in the next process unless that process sets the policy before loading; float16 gradients then run
#   unscaled.
# Seen: written by LossScaleOptimizer at step 3; loaded: Adam, step 0, layer policy mixed_float16; with the policy set
#   before loading: LossScaleOptimizer, step 3.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

cat > "$WORK/load.py" <<'PY'
import os
import sys

import keras

if sys.argv[1] != "default":
    keras.config.set_dtype_policy(sys.argv[1])
model = keras.models.load_model(os.path.join(os.environ["WORK"], "model.keras"))
found = (type(model.optimizer).__name__, int(model.optimizer.iterations), model.layers[-1].dtype_policy.name)
print("loaded under the policy", sys.argv[1], ":", *found)
assert found == (sys.argv[2], int(sys.argv[3]), "mixed_float16"), found
PY
"$WORK/modern/bin/python" - <<'PY'
import os

import keras
import numpy as np

keras.config.set_dtype_policy("mixed_float16")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((2, 2)), np.ones((2, 1)), epochs=3, verbose=0)
model.save(os.path.join(os.environ["WORK"], "model.keras"))
print("written by", type(model.optimizer).__name__, "at step", int(model.optimizer.iterations))
assert type(model.optimizer).__name__ == "LossScaleOptimizer" and int(model.optimizer.iterations) == 3
PY
"$WORK/modern/bin/python" "$WORK/load.py" default Adam 0
"$WORK/modern/bin/python" "$WORK/load.py" mixed_float16 LossScaleOptimizer 3
