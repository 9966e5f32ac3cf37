#!/usr/bin/env bash
# Finding: Keras 3 trains an embedding row that a batch repeats n times as if its squared gradient were n g², not (n g)².
#
# Versions: keras 3.15.1 on tensorflow 2.21.0, against tf_keras 2.21.0 and compat.v1.train.AdamOptimizer; Python 3.11, CPU.
# Behavior: The gradient of a gather is an IndexedSlices with one row per id, repeats included. TF1's optimizers and tf_keras
#   sum the repeated rows first. Keras 3 squares the rows one by one and sums the squares. A row that occurs n times gets a
#   second moment n times too small, so Adam's first step on it is sqrt(n) times too long. Adagrad, RMSprop, Adadelta,
#   Nadam and Ftrl do the same. SGD is right.
# Guess: The sum of the rows is the gradient, so the step equals the one of the dense gradient: 0.1 for each row touched.
# Why it matters: A TF1 word model has frequent ids in each batch. The same weights, state and rates train otherwise in
#   Keras 3, and the moments in its optimizer no longer mean what the TF1 slots meant.
# Seen: step of the row that occurs 3 times / once, Adam at rate 0.1:
#   Keras 3 0.1732 / 0.1, tf_keras 0.1 / 0.1, TF1's Adam 0.1 / 0.1; Keras 3 second moment 0.003 where (3 g)² gives 0.009.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern tf_keras==2.21.0

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf
import tf_keras

ids = np.array([[0, 0, 0, 1]], "int32")  # row 0 three times, row 1 once; the gradient of each place is 1
target = np.zeros((1, 1), "float32")


def step(library, **compile_arguments):
    inputs = library.Input((4,), dtype="int32")
    rows = library.layers.Embedding(2, 1, embeddings_initializer="ones")(inputs)
    outputs = library.layers.Lambda(lambda t: t[:, 0] + t[:, 1] + t[:, 2] + t[:, 3])(rows)
    model = library.Model(inputs, outputs)
    model.compile(library.optimizers.Adam(0.1), loss="mae", **compile_arguments)
    model.train_on_batch(ids, target)
    return 1.0 - model.get_weights()[0].ravel(), model


keras3, model = step(keras)
keras3_compiled, _ = step(keras, jit_compile=True)
keras2, _ = step(tf_keras)
velocity = [v.numpy().ravel() for v in model.optimizer.variables if "velocity" in v.path][0]

v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    table = v1.get_variable("table", initializer=np.ones((2, 1), "float32"))
    train = v1.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(table, ids)))
    session.run(v1.global_variables_initializer())
    session.run(train)
    tf1 = 1.0 - session.run(table).ravel()

print("step of the row that occurs 3 times, once:")
print("  Keras 3           ", keras3, "compiled by XLA", keras3_compiled)
print("  tf_keras          ", keras2)
print("  TF1's Adam        ", tf1)
print("Keras 3, second moments:", velocity, "(dense gradient: [0.009 0.001])")
assert np.allclose(keras3, [0.1 * np.sqrt(3.0), 0.1], atol=1e-4)
assert np.allclose(keras3_compiled, keras3, atol=1e-6)
assert np.allclose(keras2, [0.1, 0.1], atol=1e-4)
assert np.allclose(tf1, [0.1, 0.1], atol=1e-4)
assert np.allclose(velocity, [0.003, 0.001], atol=1e-6)
PY
