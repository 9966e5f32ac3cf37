#!/usr/bin/env bash
# merge_repeated=True, a default in both, makes TF1's beam search drop real double letters; in Keras it does nothing.
#
# Library: compat.v1.nn of tensorflow 2.21.0 (as in 1.15.5) and keras 3.15.1, Python 3.11.
# Behavior: TF1's decoder first collapses the frames as CTC says and then merges equal neighbors of the result, so "1 blank
#   1" comes out as 1. It gives that path the probability of the unmerged one. Keras's ctc_decode with strategy
#   "beam_search" returns the same for True and False.
# Guess: merge_repeated means CTC's own collapsing and is the same in both.
# Why it matters: A converted recognizer with bit-equal logits reads "letter" where the TF1 program reads "leter". That
#   looks like a fault of the conversion; comparing the log probabilities, which agree, does not explain it.
# Seen: frames 1 blank 1: TF1 default [1], with merge_repeated=False [1, 1]; Keras [1, 1] for both; log probability equal.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import keras
import numpy as np
import tensorflow as tf

blank = 2
logits = np.log(np.array([[[0.05, 0.9, 0.05], [0.05, 0.05, 0.9], [0.05, 0.9, 0.05]]], "float32"))
tf1, keras3 = {}, {}
for merge in (True, False):
    paths, scores = tf.compat.v1.nn.ctc_beam_search_decoder(logits.transpose(1, 0, 2), [3], merge_repeated=merge)
    tf1[merge] = (paths[0].values.numpy().tolist(), round(float(scores[0, 0]), 4))
    paths, scores = keras.ops.ctc_decode(
        logits, [3], strategy="beam_search", merge_repeated=merge, mask_index=blank
    )
    found = np.array(paths)[0, 0]
    keras3[merge] = (found[found >= 0].tolist(), round(float(np.array(scores)[0, 0]), 4))
print("TF1    ", tf1)
print("Keras 3", keras3)
assert tf1[True][0] == [1] and tf1[False][0] == [1, 1] and tf1[True][1] == tf1[False][1]
assert keras3[True] == keras3[False] and keras3[True][0] == [1, 1]
PY
