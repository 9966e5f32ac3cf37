#!/usr/bin/env bash
# TF 1.15's non_max_suppression returns a box of zero area again and again, until the output is full.
#
# Library: tensorflow 1.15.5 (Python 3.7) against tensorflow 2.21.0 (Python 3.11), the same op on the same input, CPU.
# Behavior: Once a box without area has the highest score left, 1.15.5 repeats its index and drops all boxes after it.
#   Among equal scores 1.15.5 takes the order of its heap, 2.21 the lower index.
# Guess: Each index occurs at most once: NonMaxSuppression selects a subset. Ties go to the lower index in both.
# Why it matters: A detector's outputs are compared between the two eras at its end, after this op. Clipping boxes to the
#   image makes boxes of zero area, and saturated sigmoids make ties, so right weights give other detections.
# Seen: boxes 0, 1 (no area), 2: 1.15.5 [0, 1, 1], 2.21.0 [0, 1, 2]. Five equal scores: [0, 2, 4, 1, 3], [0, 1, 2, 3, 4].
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1
modern

cat > "$WORK/nms.py" <<'PY'
import tensorflow as tf

v1 = tf.compat.v1
v1.disable_eager_execution()


def select(boxes, scores):
    with tf.Graph().as_default(), v1.Session() as session:
        b, s = v1.placeholder(tf.float32, [None, 4]), v1.placeholder(tf.float32, [None])
        chosen = tf.image.non_max_suppression(b, s, len(boxes), iou_threshold=0.5)
        return session.run(chosen, {b: boxes, s: scores}).tolist()


flat = select([[0, 0, 1, 1], [5, 5, 5, 5], [2, 2, 3, 3]], [0.9, 0.8, 0.7])
ties = select([[2 * i, 0, 2 * i + 1, 1] for i in range(5)], [1.0] * 5)
print(tf.__version__, "zero area", flat, "ties", ties)
old = tf.__version__ == "1.15.5"
assert flat == ([0, 1, 1] if old else [0, 1, 2])
assert ties == ([0, 2, 4, 1, 3] if old else [0, 1, 2, 3, 4])
PY
"$WORK/tf1/bin/python" "$WORK/nms.py"
"$WORK/modern/bin/python" "$WORK/nms.py"
