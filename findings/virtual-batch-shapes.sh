#!/usr/bin/env bash
# batch_normalization with virtual_batch_size keeps its four variables with one axis more than its input has.
#
# Library: tensorflow 1.15.5, Python 3.7.
# Behavior: The layer splits the batch axis in two and makes gamma, beta, moving_mean and moving_variance for that shape:
#   [1, 1, C] for an input of [N, C], [1, 1, 1, 1, C] for [N, H, W, C]. Without the argument they are [C].
# Guess: [C], since batch norm over the last axis has C parameters; the argument only changes how statistics are taken.
# Why it matters: Keras wants [C]. A reader that knows a batch norm by its four vectors does not see one here, and numpy
#   broadcasts [1, 1, 1, 1, C] into outputs of rank 5 without an error.
# Seen: [N, 4]: [1, 1, 4]; [N, 4, 4, 4]: [1, 1, 1, 1, 4].
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import tensorflow as tf


def shapes(shape, **arguments):
    with tf.Graph().as_default():
        tf.layers.batch_normalization(tf.zeros(shape), training=True, **arguments)
        return {tuple(v.shape.as_list()) for v in tf.global_variables()}


found = {len(shape): shapes(shape, virtual_batch_size=4) for shape in ([8, 4], [8, 4, 4, 4])}
print("input rank -> shapes of the variables:", found, "without the argument:", shapes([8, 4, 4, 4]))
assert found == {2: {(1, 1, 4)}, 4: {(1, 1, 1, 1, 4)}} and shapes([8, 4, 4, 4]) == {(4,)}
PY
