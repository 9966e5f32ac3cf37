#!/usr/bin/env bash
# Unknown integers go to other buckets in IntegerLookup than in TF1's tables; unknown strings go to the same.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11; tf.lookup.StaticVocabularyTable is TF1's table, unchanged.
# Behavior: TF1 writes the integer as decimal digits and hashes the string. Keras takes the integer modulo the number of
#   buckets. For strings both hash alike; only the place differs: TF1 puts the buckets after the vocabulary, Keras before.
# Guess: After moving the bucket rows from the end of the table to its start, every id finds its row.
# Why it matters: That move is right for string features and wrong for integer ones, with equal shapes and no error. The
#   rows of unknown ids are trained rows.
# Seen: 3 buckets, unknown 7, 8, 9, 11: TF1 buckets 1 1 2 1, Keras 1 2 0 2; unknown q, r, s, t: both 2 1 1 1.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import tensorflow as tf


def buckets(layer, vocabulary, unknown):
    ids = tf.range(len(vocabulary), dtype=tf.int64)
    table = tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(tf.constant(vocabulary), ids), 3)
    tf1 = (table.lookup(tf.constant(unknown)) - len(vocabulary)).numpy().tolist()
    return tf1, layer(vocabulary=vocabulary, num_oov_indices=3)(tf.constant(unknown)).numpy().tolist()


integers = buckets(
    keras.layers.IntegerLookup, tf.constant([10, 20], tf.int64).numpy(), tf.constant([7, 8, 9, 11], tf.int64).numpy()
)
strings = buckets(keras.layers.StringLookup, ["a", "b"], ["q", "r", "s", "t"])
print("integers: TF1", integers[0], "Keras", integers[1])
print("strings:  TF1", strings[0], "Keras", strings[1])
assert integers == ([1, 1, 2, 1], [1, 2, 0, 2])
assert strings == ([2, 1, 1, 1], [2, 1, 1, 1])
PY
