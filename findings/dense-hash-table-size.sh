#!/usr/bin/env bash
# A MutableDenseHashTable of one entry is 131072 rows in the checkpoint, with deleted entries among them.
#
# Library: tensorflow 1.15.5 (tf.contrib.lookup), Python 3.7.
# Behavior: The checkpoint holds the table's buckets as they lie in memory: the empty key in every free bucket (2**17 at the
#   start), the deleted key where an entry was erased, with a value beside each. Nothing in the file says which keys these
#   two are; they are attributes in the graph. MutableHashTable in the same file holds its entries only, in no fixed order.
# Guess: <name>-keys and <name>-values list the entries.
# Why it matters: Reading the two tensors as a vocabulary gives a huge one, full of one key, with entries that TF1 deleted.
# Seen: after 2 inserts and 1 removal: shape [131072, 1], empty key -7 131070 times, deleted key -9 once, key 2 once.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import os

import numpy as np
import tensorflow as tf

dense = tf.contrib.lookup.MutableDenseHashTable(
    tf.int64, tf.float32, default_value=-1.0, empty_key=-7, deleted_key=-9, checkpoint=True, name="dense"
)
plain = tf.contrib.lookup.MutableHashTable(tf.int64, tf.float32, default_value=-1.0, name="plain")
keys, values = tf.constant([1, 2], tf.int64), tf.constant([10.0, 20.0])
insert = [dense.insert(keys, values), plain.insert(keys, values)]
remove = dense.remove(tf.constant([1], tf.int64))
with tf.Session() as session:
    session.run(insert)
    session.run(remove)
    reader = tf.train.load_checkpoint(tf.train.Saver().save(session, os.path.join(os.environ["WORK"], "model")))
shapes = reader.get_variable_to_shape_map()
counts = dict(zip(*[a.tolist() for a in np.unique(reader.get_tensor("dense-keys"), return_counts=True)]))
print("shapes", shapes)
print("keys and how often", counts)
assert shapes["dense-keys"] == [131072, 1] and shapes["plain-keys"] == [2]
assert counts == {-9: 1, -7: 131070, 2: 1}
PY
