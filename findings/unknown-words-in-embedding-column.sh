#!/usr/bin/env bash
# In an embedding_column an unknown word is no row: it gives zeros, and it does not count in the mean.
#
# Library: tensorflow 1.15.5, Python 3.7.
# Behavior: A word outside the vocabulary has id -1. The lookup drops such ids before it combines the rows, so the mean is
#   over the known words alone, and an example with none of them gets a vector of zeros. The table has no row for them.
# Guess: Unknown words share one row, as in Keras's StringLookup, or they enter the mean as zeros.
# Why it matters: StringLookup + Embedding + a mean has one row more than the checkpoint. Filling that row with zeros still
#   divides by the number of all words and gives half the value in the case below.
# Seen: rows x = 2, y = 4: mean of [x, unknown] 2, of [unknown, unknown] 0, of [x, y] 3; the table has 2 rows.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import numpy as np
import tensorflow as tf

column = tf.feature_column
words = column.categorical_column_with_vocabulary_list("word", ["x", "y"])
rows = tf.constant_initializer(np.array([[2.0], [4.0]]))
embedded = column.embedding_column(words, 1, combiner="mean", initializer=rows)
output = column.input_layer({"word": tf.constant([["x", "?"], ["?", "?"], ["x", "y"]])}, [embedded])
with tf.Session() as session:
    session.run([tf.global_variables_initializer(), tf.tables_initializer()])
    means = session.run(output).ravel().tolist()
shape = tf.global_variables()[0].shape.as_list()
print("means", means, "shape of the table", shape)
assert means == [2.0, 0.0, 3.0] and shape == [2, 1]
PY
