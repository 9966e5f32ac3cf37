#!/usr/bin/env bash
# Behind a mask, BatchNormalization of Keras 3 takes its statistics over unmasked steps only; TF 1.15 over all.
#
# Library: tensorflow 1.15.5 (Python 3.7); tf_keras 2.21.0 and keras 3.15.1 on tensorflow 2.21.0 (Python 3.11).
# Behavior: Embedding(mask_zero=True) passes a mask on, and layers in between carry it. In 1.15 BatchNormalization has no
#   mask argument and counts padding. tf_keras 2.21 and Keras 3 weigh the padding with 0, in the batch's statistics and so
#   in moving_mean and moving_variance. The weights and the configuration are the same.
# Guess: Masks matter to recurrent layers and losses; batch norm sees a plain tensor.
# Why it matters: The converted model agrees at inference and drifts from the first training step. The more padding in a
#   batch, the more.
# Seen: row [1, 3, pad, pad], padding embeds to 100, momentum 0: moving mean 51 in 1.15.5, 2 in tf_keras and Keras 3.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern tf_keras==2.21.0

cat > "$WORK/norm.py" <<'PY'
import importlib
import sys

import numpy as np

if sys.argv[1] == "tf.keras":
    import tensorflow as tf

    tf.enable_eager_execution()
    library = tf.keras
else:
    library = importlib.import_module(sys.argv[1])
embedding = library.layers.Embedding(3, 1, mask_zero=True)
norm = library.layers.BatchNormalization(momentum=0.0)
model = library.Sequential([embedding, norm])
ids = np.array([[1, 2, 0, 0]])
model(ids)
embedding.set_weights([np.array([[100.0], [1.0], [3.0]])])
model(ids, training=True)
mean = float(norm.get_weights()[2][0])
print(sys.argv[1], "moving mean", mean)
assert abs(mean - float(sys.argv[2])) < 1e-4
PY
"$WORK/tf1/bin/python" "$WORK/norm.py" tf.keras 51
"$WORK/modern/bin/python" "$WORK/norm.py" tf_keras 2
"$WORK/modern/bin/python" "$WORK/norm.py" keras 2
