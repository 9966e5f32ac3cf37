#!/usr/bin/env bash
# At step 0 use_ema of Keras 3 throws away the average that it has and takes the first updated weight instead.
#
# Library: keras 3.15.1 and tf_keras 2.21.0 on tensorflow 2.21.0, against compat.v1's ExponentialMovingAverage; Python 3.11.
# Behavior: The average's momentum is multiplied by (iterations != 0). TF1 and tf_keras start from the initial weight and
#   average the first step in. So an average written into the optimizer by hand is lost unless iterations is set as well.
# Guess: average = momentum * average + (1 - momentum) * weight at every step, from the initial weight, as in TF1.
# Why it matters: Whoever moves averages of a TF1 checkpoint into a Keras optimizer and counts steps anew keeps none of
#   them. A fresh run with momentum 0.999 differs from TF1 for thousands of steps.
# Seen: weight 10, step -1, momentum 0.9: TF1 9.9, tf_keras 9.9, Keras 3 9.0. An average set to 100: Keras 3 9.0 again, and
#   90.9 with iterations set to 1.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern tf_keras==2.21.0

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf
import tf_keras


def keras3(average=None, iterations=0):
    weight = keras.Variable([10.0])
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.9)
    optimizer.build([weight])
    own = next(v for v in optimizer.variables if v.path.endswith("average"))
    if average is not None:
        own.assign([average])
    optimizer.iterations.assign(iterations)
    optimizer.apply([tf.constant([1.0])])
    return float(own.numpy()[0])


weight = tf.Variable([10.0])
optimizer = tf_keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.9)
optimizer.build([weight])
optimizer.apply_gradients([(tf.constant([1.0]), weight)])
keras2 = float(optimizer._model_variables_moving_average[0].numpy()[0])

v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    weight = v1.get_variable("w", initializer=[10.0])
    train = v1.train.GradientDescentOptimizer(1.0).apply_gradients([(tf.constant([1.0]), weight)])
    averages = v1.train.ExponentialMovingAverage(0.9)
    with tf.control_dependencies([train]):
        step = averages.apply([weight])
    session.run(v1.global_variables_initializer())
    session.run(step)
    tf1 = float(session.run(averages.average(weight))[0])

found = (tf1, keras2, keras3(), keras3(average=100.0), keras3(average=100.0, iterations=1))
print("TF1 %.2f, tf_keras %.2f, Keras 3 %.2f, with an average of 100: %.2f, and iterations 1: %.2f" % found)
assert np.allclose(found, (9.9, 9.9, 9.0, 9.0, 90.9), atol=1e-4)
PY
