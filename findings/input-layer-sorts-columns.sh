#!/usr/bin/env bash
# feature_column.input_layer joins its columns by their derived names in byte order, not in the order given.
#
# Library: tensorflow 1.15.5, Python 3.7.
# Behavior: The columns are sorted by name: capitals before small letters, "a" before "a_bucketized" before "a_indicator",
#   "x10" before "x2". indicator_column does not mark categories but counts them: a word that occurs twice gives 2.0.
# Guess: The list passed in gives the order of the rows of the first kernel; an indicator is 0 or 1.
# Why it matters: The first dense kernel of an estimator is fed by this layer. A Keras model that concatenates its inputs
#   in the order of the source code multiplies features by the wrong rows, and CategoryEncoding("multi_hot") gives 1.
# Seen: columns x2, x10, X, a as list; values 2, 10, 100, -1: the layer gives [100, -1, 10, 2]. ["u", "u"]: [2, 0].
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import tensorflow as tf

column = tf.feature_column
values = {"x2": 2.0, "x10": 10.0, "X": 100.0, "a": -1.0}
features = {name: tf.constant([[value]]) for name, value in values.items()}
joined = column.input_layer(features, [column.numeric_column(name) for name in values])
words = column.indicator_column(column.categorical_column_with_vocabulary_list("word", ["u", "v"]))
counted = column.input_layer({"word": tf.constant([["u", "u"]])}, [words])
with tf.Session() as session:
    session.run(tf.tables_initializer())
    order, counts = session.run([joined, counted])
print("given", list(values.values()), "joined", order[0].tolist(), "indicator of u, u:", counts[0].tolist())
assert order[0].tolist() == [100.0, -1.0, 10.0, 2.0]
assert counts[0].tolist() == [2.0, 0.0]
PY
