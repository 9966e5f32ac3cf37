#!/usr/bin/env bash
# kernel_scale of an int8 Keras layer is 127 / max |w|: the weight is kernel divided by it, not multiplied.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: model.quantize("int8") stores int8 kernel and float32 kernel_scale, kernel ≈ w * scale, one scale per output.
#   TensorFlow's and TFLite's "scale" is the size of a step, that is, the inverse. The level -128 is not used.
# Guess: w = scale * kernel, as everywhere else in TensorFlow's quantization.
# Why it matters: TF1 models quantized by tf.contrib.quantize carry ranges from which scale = range / 255 follows. Put into
#   kernel_scale, or read out of it by the usual formula, the weights are wrong by the square of the scale.
# Seen: column (1, 2): kernel (64, 127), scale 63.5; column (4, -8): kernel (64, -127), scale 15.875.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np

weights = np.array([[1.0, 4.0], [2.0, -8.0]], "float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
model.layers[0].set_weights([weights])
model.quantize("int8")
stored = {v.name: v.numpy() for v in model.weights}
kernel, scale = stored["kernel"], stored["kernel_scale"]
print("weights", weights.tolist(), "kernel", kernel.tolist(), kernel.dtype, "kernel_scale", scale.tolist())
print("kernel / scale", (kernel / scale).round(3).tolist(), "kernel * scale", (kernel * scale).tolist())
assert kernel.dtype == np.int8 and scale.ravel().tolist() == [63.5, 15.875]
assert np.abs(kernel / scale - weights).max() < 0.05 and np.abs(kernel * scale - weights).max() > 1000
PY
