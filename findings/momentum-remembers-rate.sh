#!/usr/bin/env bash
# With rate 0, TF1's MomentumOptimizer stands still at once; Keras's SGD with the same momentum goes on moving.
#
# Library: keras 3.15.1 on tensorflow 2.21.0 and its compat.v1.train.MomentumOptimizer, Python 3.11.
# Behavior: TF1 accumulates gradients and multiplies by today's rate. Keras accumulates rate * gradient, so each past
#   gradient keeps the rate of its day. The two are equal for a constant rate and differ at every change of it.
# Guess: Both are momentum SGD; a slot scaled by the rate makes them the same for good.
# Why it matters: Image models of TF1 train with momentum and a stepped rate. A converted run that agrees to 1e-7 before a
#   boundary leaves TF1's path right after it: the first steps move 10 times as far at a drop by 10.
# Seen: gradient 1, momentum 0.9, rate 1 for two steps, then 0: TF1 -1, -2.9, -2.9, -2.9; Keras -1, -2.9, -4.61, -6.149.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf

rates = [1.0, 1.0, 0.0, 0.0]
v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    rate = v1.placeholder(tf.float32, [])
    weight = v1.get_variable("w", initializer=[0.0])
    train = v1.train.MomentumOptimizer(rate, 0.9).apply_gradients([(tf.constant([1.0]), weight)])
    session.run(v1.global_variables_initializer())
    tf1 = []
    for value in rates:
        session.run(train, {rate: value})
        tf1.append(float(session.run(weight)[0]))

weight = keras.Variable([0.0])
schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [1.0, 0.0])  # step 1 still has rate 1
optimizer = keras.optimizers.SGD(schedule, momentum=0.9)
optimizer.build([weight])
keras3 = []
for _ in rates:
    optimizer.apply([tf.constant([1.0])])
    keras3.append(float(weight.numpy()[0]))
print("TF1    ", np.round(tf1, 4).tolist())
print("Keras 3", np.round(keras3, 4).tolist())
assert np.allclose(tf1, [-1.0, -2.9, -2.9, -2.9], atol=1e-5)
assert np.allclose(keras3, [-1.0, -2.9, -4.61, -6.149], atol=1e-5)
PY
