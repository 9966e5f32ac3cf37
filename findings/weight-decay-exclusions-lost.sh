#!/usr/bin/env bash
# A Keras 3 optimizer forgets exclude_from_weight_decay when the model is saved and loaded.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: The exclusions are no part of the optimizer's configuration or state. The loaded optimizer has the weight decay,
#   the step count and all moments, and decays biases and normalization weights that it spared before.
# Guess: A .keras file restores the whole training configuration, so what was excluded stays excluded.
# Why it matters: TF1 programs spare biases and LayerNorm by name (AdamWeightDecay of the BERT family). After the first
#   resume of the converted model the training rule is another one, and no warning says so.
# Seen: one step with zero gradient at rate 0.1, decay 0.5: bias 1.0 before saving, 0.95 after loading.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import os
import warnings

import keras
import numpy as np

path = os.path.join(os.environ["WORK"], "model.keras")


def bias_after_a_step(model):
    model.layers[-1].set_weights([np.ones((2, 2)), np.ones(2)])
    model.optimizer.apply([np.zeros((2, 2), "float32"), np.zeros(2, "float32")], model.trainable_variables)
    kernel, bias = model.get_weights()
    return float(kernel[0, 0]), float(bias[0])


model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
optimizer.exclude_from_weight_decay(var_names=["bias"])
model.compile(optimizer, "mse")
model.fit(np.zeros((2, 2)), np.zeros((2, 2)), verbose=0)
model.save(path)
with warnings.catch_warnings():
    warnings.simplefilter("error")
    loaded = keras.models.load_model(path)
assert float(loaded.optimizer.weight_decay) == 0.5 and int(loaded.optimizer.iterations) == 1
before, after = bias_after_a_step(model), bias_after_a_step(loaded)
print("kernel, bias after one step without gradient: before saving", before, "after loading", after)
assert np.allclose(before, (0.95, 1.0)) and np.allclose(after, (0.95, 0.95))
PY
