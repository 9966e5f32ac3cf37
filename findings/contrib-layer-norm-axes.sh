#!/usr/bin/env bash
# tf.contrib.layers.layer_norm normalizes over all axes but the batch, while its gamma and beta have the last only.
#
# Library: tensorflow 1.15.5 (Python 3.7) and keras 3.15.1 on tensorflow 2.21.0 (Python 3.11).
# Behavior: The defaults are begin_norm_axis=1 and begin_params_axis=-1. On [batch, time, channels] the mean runs over time
#   and channels together, so one time step changes the others, padding included. The checkpoint shows gamma and beta of
#   [channels], exactly as for a norm over channels. No Keras LayerNormalization has that pair: axis=-1 normalizes each
#   step by itself, axis=[1, 2] has gamma of [time, channels].
# Guess: Layer norm with gamma of [channels] normalizes over the channels.
# Why it matters: The weights fit LayerNormalization(axis=-1) in name and shape. The model loads and computes other values.
# Seen: mean of each step after contrib's norm up to 0.73 away from 0, mean of each example 0; Keras: each step 0.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern

"$WORK/tf1/bin/python" - <<'PY'
import os

import numpy as np
import tensorflow as tf

values = np.random.RandomState(0).randn(2, 3, 4).astype("float32") * np.float32([[[1], [10], [100]]])
output = tf.contrib.layers.layer_norm(tf.constant(values))
shapes = {v.op.name: v.shape.as_list() for v in tf.global_variables()}
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    normed = session.run(output)
np.savez(os.path.join(os.environ["WORK"], "norm.npz"), values=values, normed=normed)
print("contrib:", shapes)
print("mean of each step", normed.mean(-1).round(3).tolist(), "mean of each example", normed.mean((1, 2)).round(6).tolist())
assert shapes == {"LayerNorm/beta": [4], "LayerNorm/gamma": [4]}
assert np.abs(normed.mean(-1)).max() > 0.5 and np.abs(normed.mean((1, 2))).max() < 1e-5
PY

"$WORK/modern/bin/python" - <<'PY'
import os

import keras
import numpy as np

case = np.load(os.path.join(os.environ["WORK"], "norm.npz"))
last = keras.layers.LayerNormalization(axis=-1, epsilon=1e-12)
both = keras.layers.LayerNormalization(axis=[1, 2], epsilon=1e-12)
differences = [float(np.abs(np.array(layer(case["values"])) - case["normed"]).max()) for layer in (last, both)]
print("Keras axis=-1: gamma", last.gamma.shape, "difference", differences[0])
print("Keras axis=[1, 2]: gamma", both.gamma.shape, "difference", differences[1])
assert differences[0] > 0.5 and differences[1] < 1e-4
assert tuple(last.gamma.shape) == (4,) and tuple(both.gamma.shape) == (3, 4)
PY
