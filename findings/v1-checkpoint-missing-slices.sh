#!/usr/bin/env bash
# A V1 checkpoint that lacks a part of a partitioned variable reads as a whole tensor, without an error.
#
# Library: compat.v1 of tensorflow 2.21.0, Python 3.11 (in 1.15.5 the V2 reader raises InvalidArgumentError).
# Behavior: Each part in the file states the full shape. The V2 reader checks that the parts cover it and raises. The V1
#   reader returns a tensor of the full shape; the rows that are not in the file hold whatever the memory held.
# Guess: Both readers raise, or neither reports the full shape.
# Why it matters: V1 files are the oldest ones and were often written by parameter servers, one part each. A lost file
#   gives weights that look complete. Only a look at the slices in the file, or at the values, shows it.
# Seen: 4 rows of 1.0, one of two parts saved: V1 gives shape (4, 1) with two rows of 1.0; V2 raises ValueError.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import os

import tensorflow as tf

v1 = tf.compat.v1
found = {}
for version in (v1.train.SaverDef.V1, v1.train.SaverDef.V2):
    with tf.Graph().as_default(), v1.Session() as session:
        table = v1.get_variable(
            "table", [4, 1], initializer=v1.ones_initializer(), partitioner=v1.fixed_size_partitioner(2)
        )
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver([list(table)[0]], write_version=version)
        reader = tf.train.load_checkpoint(saver.save(session, os.path.join(os.environ["WORK"], "v%d" % version)))
    shape = reader.get_variable_to_shape_map()["table"]
    try:
        tensor = reader.get_tensor("table")
        found[version] = (shape, tensor.shape, tensor[:2].ravel().tolist())
    except Exception as error:
        found[version] = (shape, type(error).__name__)
    print("V%d: shape in the file, result:" % version, *found[version])
assert found[1] == ([4, 1], (4, 1), [1.0, 1.0])
assert found[2] == ([4, 1], "ValueError")
PY
