#!/usr/bin/env bash
# In a table that TF1 partitions, id k is not row k of the tensor that the checkpoint gives back.
#
# Library: tensorflow 1.15.5, Python 3.7.
# Behavior: tf.nn.embedding_lookup on a partitioned variable deals ids out to the parts in turn (partition_strategy="mod",
#   its default). The checkpoint stores the parts one after another and load_checkpoint joins them into one tensor. The
#   two orders differ. Feature columns use "div", and for them row k is id k.
# Guess: A partitioned variable is one table cut in pieces, so the joined tensor is indexed by the id.
# Why it matters: A Keras Embedding that takes the tensor of the checkpoint as it is looks up other words than TF1 did.
#   The shape, the sum and every row are right; only their order is not.
# Seen: 7 rows in 3 parts, row r holds r: TF1 looks up ids 0 to 6 and gets 0 3 5 1 4 6 2; with "div" 0 1 2 3 4 5 6.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import os

import tensorflow as tf


def row_numbers(shape, dtype=None, partition_info=None):
    first = partition_info.var_offset[0]
    return tf.reshape(tf.range(first, first + shape[0], dtype=tf.float32), shape)


table = tf.get_variable("table", [7, 1], initializer=row_numbers, partitioner=tf.fixed_size_partitioner(3))
looked_up = tf.nn.embedding_lookup(table, tf.range(7))
by_div = tf.nn.embedding_lookup(table, tf.range(7), partition_strategy="div")
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    path = tf.train.Saver().save(session, os.path.join(os.environ["WORK"], "model"))
    ids, div = session.run([looked_up, by_div])
rows = tf.train.load_checkpoint(path).get_tensor("table")
print("rows of the checkpoint       ", rows.ravel())
print("TF1 looks up ids 0 to 6      ", ids.ravel())
print("with partition_strategy='div'", div.ravel())
assert rows.ravel().tolist() == [0, 1, 2, 3, 4, 5, 6]
assert ids.ravel().tolist() == [0, 3, 5, 1, 4, 6, 2]
assert div.ravel().tolist() == [0, 1, 2, 3, 4, 5, 6]
PY
