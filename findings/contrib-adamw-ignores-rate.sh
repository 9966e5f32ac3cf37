#!/usr/bin/env bash
# AdamWOptimizer of tf.contrib decays weights at learning rate 0: its weight_decay is not multiplied by the rate.
#
# Library: tensorflow 1.15.5 (Python 3.7), keras 3.15.1 on tensorflow 2.21.0 (Python 3.11).
# Behavior: contrib takes weight_decay * w from w each step. Keras's AdamW takes learning_rate * weight_decay * w. The slots
#   are named w/AdamW and w/AdamW_1 and hold what Adam's hold.
# Guess: The two AdamW agree: weight_decay means the same number in both.
# Why it matters: The decay of a TF1 program moved to Keras as it is decays 1000 times too little at a rate of 0.001. With a
#   schedule no constant is right: the TF1 decay does not follow the rate, the Keras one does.
# Seen: w = 1, weight_decay 0.1, rate 0, one step: contrib 0.9, Keras 1.0.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern

"$WORK/tf1/bin/python" - <<'PY'
import tensorflow as tf

weight = tf.get_variable("w", initializer=[1.0, 1.0])
optimizer = tf.contrib.opt.AdamWOptimizer(weight_decay=0.1, learning_rate=0.0)
train = optimizer.apply_gradients([(tf.constant([1.0, 0.0]), weight)])
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(train)
    after = session.run(weight).tolist()
names = sorted(v.op.name for v in tf.global_variables())
print("contrib at rate 0:", after, names)
assert [round(v, 6) for v in after] == [0.9, 0.9]
assert names == ["beta1_power", "beta2_power", "w", "w/AdamW", "w/AdamW_1"]
PY

"$WORK/modern/bin/python" - <<'PY'
import keras
import tensorflow as tf

weight = keras.Variable([1.0, 1.0])
optimizer = keras.optimizers.AdamW(learning_rate=0.0, weight_decay=0.1)
optimizer.build([weight])
optimizer.apply([tf.constant([1.0, 0.0])])
print("Keras at rate 0:", weight.numpy().tolist())
assert weight.numpy().tolist() == [1.0, 1.0]
PY
