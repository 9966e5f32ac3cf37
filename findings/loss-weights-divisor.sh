#!/usr/bin/env bash
# tf.losses divides by the number of nonzero weights: no reduction of a Keras loss gives that number.
#
# Library: compat.v1.losses of tensorflow 2.21.0 (as in 1.15.5) and keras 3.15.1, Python 3.11.
# Behavior: SUM_BY_NONZERO_WEIGHTS, the default, adds weight * loss and divides by the count of elements whose weight is not
#   0, however large it is. Keras divides by all elements ("sum_over_batch_size") or by the sum of the weights
#   ("mean_with_sample_weight").
# Guess: One of Keras's reductions is it: the weighted mean, or the plain mean for weights that are only masks.
# Why it matters: With weights of 0 for padding and 2 for rare classes, the usual case, the loss and so every gradient
#   differ by a factor that changes from batch to batch.
# Seen: element losses 0.25 and 0.025 per row; weights (0, 2): 0.05, Keras 0.025 and 0.025;
#   weights (1, 2): 0.15, Keras 0.15 and 0.1.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf

truth = np.array([[1.0, 0.0], [0.0, 1.0]], "float32")
output = np.array([[0.5, 0.5], [0.2, 0.9]], "float32")
found = {}
for weights in ((0.0, 2.0), (1.0, 2.0)):
    column = np.array(weights, "float32")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf1 = float(session.run(tf.compat.v1.losses.mean_squared_error(truth, output, weights=column[:, None])))
    reductions = ("sum_over_batch_size", "mean_with_sample_weight")
    found[weights] = [tf1] + [
        float(keras.losses.MeanSquaredError(reduction=r)(truth, output, sample_weight=column)) for r in reductions
    ]
    print("weights", weights, "tf.losses, then Keras by", *reductions, [round(value, 4) for value in found[weights]])
assert np.allclose(found[0.0, 2.0], [0.05, 0.025, 0.025], atol=1e-6)
assert np.allclose(found[1.0, 2.0], [0.15, 0.15, 0.1], atol=1e-6)
PY
