#!/usr/bin/env bash
# Canned estimators of 1.15 minimize the sum of the loss over the batch, so their step grows with the batch.
#
# Library: tensorflow 1.15.5 with tensorflow-estimator 1.15.1, Python 3.7.
# Behavior: loss_reduction is "weighted_sum" by default for DNN and linear estimators. The checkpoint, the optimizer and its
#   rate say nothing of it; only the graph does. The last, smaller batch of an epoch takes a smaller step.
# Guess: The mean over the batch, as in Keras, in tf.losses and in the estimators of TensorFlow 2.
# Why it matters: A Keras model with the same rate and optimizer trains batch_size times too slowly under SGD. Adagrad and
#   Ftrl hide most of it, except for their initial accumulator, which is then batch_size² times too heavy.
# Seen: one SGD step of LinearRegressor at rate 0.01, gradient -2 per example: bias 0.02 with a batch of 1, 0.16 with 8.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import os

import numpy as np
import tensorflow as tf

tf.compat.v1.logging.set_verbosity("ERROR")


def bias_after_a_step(batch):
    def examples():
        return tf.data.Dataset.from_tensor_slices(({"x": np.ones(8, "float32")}, np.ones(8, "float32"))).batch(batch)

    estimator = tf.estimator.LinearRegressor(
        [tf.feature_column.numeric_column("x")],
        model_dir=os.path.join(os.environ["WORK"], "batch%d" % batch),
        optimizer=tf.train.GradientDescentOptimizer(0.01),
    )
    estimator.train(examples, steps=1)
    return float(estimator.get_variable_value("linear/linear_model/bias_weights")[0])


found = {batch: bias_after_a_step(batch) for batch in (1, 4, 8)}
print("bias after one step, by batch size:", found)
assert np.allclose([found[b] for b in (1, 4, 8)], [0.02, 0.08, 0.16], atol=1e-6)
PY
