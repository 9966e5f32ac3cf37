#!/usr/bin/env bash
# One Ftrl step with zero gradient sets a loaded weight to 0, and Keras 3 takes that step for rows no batch touches.
#
# Library: keras 3.15.1 on tensorflow 2.21.0 and its compat.v1.train.FtrlOptimizer, Python 3.11.
# Behavior: Ftrl computes the weight from its accumulators alone, and a fresh linear accumulator of 0 gives weight 0. TF1
#   updates only the rows of an embedding that the batch names. Keras 3 turns the gradient dense first, so one step erases
#   the rest of the table.
# Guess: A zero gradient leaves a weight as it is, without regularization in particular.
# Why it matters: Wide models of TF1 (LinearClassifier) train with Ftrl. Weights moved without their linear slot are gone
#   after one step; moved with it, rows that TF1 never trained are erased still, because their linear slot is 0.
# Seen: three rows of 5.0, row 0 trained at rate 0.001: Keras 3 [x, 0, 0], TF1 [x, 5, 5] with the same x.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((1,)), keras.layers.Embedding(3, 1), keras.layers.Flatten()])
model.layers[0].set_weights([np.full((3, 1), 5.0)])
model.compile(keras.optimizers.Ftrl(0.001), "mae")
model.train_on_batch(np.array([[0]]), np.zeros((1, 1), "float32"))
keras3 = model.get_weights()[0].ravel()

v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    table = v1.get_variable("table", initializer=np.full((3, 1), 5.0, "float32"))
    train = v1.train.FtrlOptimizer(0.001).minimize(tf.reduce_sum(tf.gather(table, [0])))
    session.run(v1.global_variables_initializer())
    session.run(train)
    tf1 = session.run(table).ravel()
print("Keras 3", keras3, "TF1", tf1)
assert keras3[1:].tolist() == [0.0, 0.0] and tf1[1:].tolist() == [5.0, 5.0]
assert np.allclose(keras3[0], tf1[0], atol=1e-6)
PY
