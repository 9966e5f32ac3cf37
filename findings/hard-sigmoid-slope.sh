#!/usr/bin/env bash
# hard_sigmoid has slope 0.2 in TF 1.15 and tf_keras and slope 1/6 in Keras 3; LSTM of 1.15 uses it by default.
#
# Library: tensorflow 1.15.5 (Python 3.7); tf_keras 2.21.0 and keras 3.15.1 on tensorflow 2.21.0 (Python 3.11).
# Behavior: The old function is clip(0.2 x + 0.5, 0, 1), the new one relu6(x + 3) / 6. The name in the configuration is the
#   same. tf.keras.layers.LSTM of 1.15 without eager execution has recurrent_activation="hard_sigmoid" by default, and
#   so have its GRU and ConvLSTM2D; their configurations say so by that name. Keras 3's own default is "sigmoid".
# Guess: An activation with the same name, serialized by that name, is the same function.
# Why it matters: The configuration of a TF1 model passes into Keras 3 unchanged, all weights are bit-equal, and every gate
#   of the network differs by up to 0.083. No weight comparison shows it.
# Seen: hard_sigmoid(2): 0.9 in 1.15.5 and tf_keras, 0.8333 in Keras 3. ConvLSTM2D, equal weights: differs by > 0.005.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern tf_keras==2.21.0

"$WORK/tf1/bin/python" - <<'PY'
import tensorflow as tf

with tf.Session() as session:
    value = float(session.run(tf.keras.activations.hard_sigmoid(tf.constant(2.0))))
gates = {name: getattr(tf.keras.layers, name)(2, *rest).get_config()["recurrent_activation"]
         for name, rest in (("LSTM", ()), ("GRU", ()), ("ConvLSTM2D", (3,)))}
print("1.15.5 hard_sigmoid(2)", value, "default gates", gates)
assert abs(value - 0.9) < 1e-6 and set(gates.values()) == {"hard_sigmoid"}
PY

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf
import tf_keras

values = [float(library.activations.hard_sigmoid(tf.constant(2.0))) for library in (tf_keras, keras)]
video = np.random.RandomState(0).randn(1, 3, 5, 5, 2).astype("float32")
layers = [library.layers.ConvLSTM2D(2, 3, recurrent_activation="hard_sigmoid") for library in (tf_keras, keras)]
outputs = [np.array(layer(video)) for layer in layers]
weights = [np.random.RandomState(1).randn(*w.shape).astype("float32") * 0.5 for w in layers[0].get_weights()]
for layer in layers:
    layer.set_weights(weights)
outputs = [np.array(layer(video)) for layer in layers]
difference = float(np.abs(outputs[0] - outputs[1]).max())
print("hard_sigmoid(2): tf_keras", values[0], "Keras 3", values[1])
print("ConvLSTM2D with hard_sigmoid, equal weights: largest difference", difference)
assert abs(values[0] - 0.9) < 1e-6 and abs(values[1] - 5 / 6) < 1e-6
assert {layer.get_config()["recurrent_activation"] for layer in layers} == {"hard_sigmoid"} and difference > 0.005
PY
