#!/usr/bin/env bash
# TFLite's softplus of 100 is infinite, or 88.7, but never 100.
#
# Library: tf.lite of tensorflow 2.21.0, with its default delegate (XNNPACK) and without.
# Behavior: the converter writes softplus as log(1 + exp(x)). Without the delegate exp stops at the largest
#   float32, and softplus is 88.7228 for each x above 88.7; with it, it is infinite. At -20 it is 0, and
#   the true value is 2.06e-9. TensorFlow, JAX and PyTorch guard both ends.
# Guess: 100 and 2.06e-9: softplus is an operation of its own in TensorFlow, and its point is that guard.
# Why it matters: TF1 models end in softplus where an output is positive: prices, durations, variances.
#   Beyond 88 the converted model is wrong or infinite, and a variance of 0 divides by zero.
# Seen: TensorFlow [100.0, 2.06e-09], TFLite [inf, 0.0], TFLite without the delegate [88.7228, 0.0].
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile tensorflow==2.21.0 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import numpy as np
import tensorflow as tf


@tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
def softplus(x):
    return tf.nn.softplus(x)


converter = tf.lite.TFLiteConverter.from_concrete_functions([softplus.get_concrete_function()])
content = converter.convert()
x = np.array([100, -20], np.float32)


def lite(resolver):
    interpreter = tf.lite.Interpreter(
        model_content=content, experimental_op_resolver_type=resolver
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


resolvers = tf.lite.experimental.OpResolverType
full = softplus(x).numpy()
default = lite(resolvers.AUTO)
plain = lite(resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
print("TensorFlow", full, "TFLite", default, "TFLite without the delegate", plain)
assert full[0] == 100 and abs(full[1] / 2.0611537e-9 - 1) < 1e-5
assert np.isposinf(default[0]) and default[1] == 0
assert abs(plain[0] - 88.72284) < 1e-3 and plain[1] == 0
PY
"$work/venv/bin/python" "$work/trial.py"
