#!/usr/bin/env bash
# The LiteRT interpreter inside TensorFlow cannot run a file that TensorFlow's own converter makes of an LSTM.
#
# Library: tensorflow 2.21.0 (tf.lite), keras 3.15.1.
# Behavior: model.export(format="litert") of an LSTM with an open batch succeeds. The file contains
#   FlexTensorListReserve and others, and tf.lite.Interpreter of the same package refuses them. With a fixed
#   batch the same model has no such op, and runs.
# Guess: it runs. Keras asks for SELECT_TF_OPS, and TensorFlow's guide says that the Python interpreter of the
#   tensorflow package links the ops of TensorFlow by itself.
# Why it matters: the export of a recurrent TF1 model reports success, and the error comes on the device. Run
#   the file before it is shipped, or export with input_signature and a batch of 1.
# Seen: open batch: RuntimeError "Select TensorFlow op(s) ... not supported by this interpreter"; batch of 2:
#   runs, and differs from Keras by less than 1e-6.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modern

cd "$WORK"
"$WORK/modern/bin/python" - <<'PY'
import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((7, 6), name="x"), keras.layers.LSTM(4)])
x = np.linspace(-1, 1, 84, dtype=np.float32).reshape(2, 7, 6)
want = np.asarray(model(x))


def exported(batch):
    """The ops of TensorFlow in the file, and its outputs or what the interpreter says."""
    signature = [keras.InputSpec(shape=(batch, 7, 6), dtype="float32", name="x")]
    model.export("model.tflite", format="litert", verbose=False, input_signature=signature)
    ops = sorted(set(re.findall(rb"Flex\w+", Path("model.tflite").read_bytes())))
    try:
        runner = tf.lite.Interpreter("model.tflite").get_signature_runner("serving_default")
        return ops, runner(x=x)["output_0"]
    except RuntimeError as error:
        return ops, str(error)


ops, says = exported(None)
print("open batch:", ops, says)
assert b"FlexTensorListReserve" in ops and "not supported by this interpreter" in says
ops, made = exported(2)
print("batch of 2:", ops, "difference", np.abs(made - want).max())
assert ops == [] and np.abs(made - want).max() < 1e-5
PY
