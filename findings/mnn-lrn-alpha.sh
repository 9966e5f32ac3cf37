#!/usr/bin/env bash
# MNN divides alpha of local response normalization by the size of its window when it reads a TensorFlow graph.
#
# Library: MNN 3.6.1, x86-64; tensorflow 1.15.5 writes the graph.
# Behavior: mnnconvert -f TF takes alpha of LRN as it stands in the node, and the layer divides it by 2 * depth_radius + 1, as
#   Caffe and ONNX define it. TensorFlow's alpha is the factor of the plain sum of squares. The conversion reports success.
# Guess: the TensorFlow importer multiplies alpha by the window, as tf2onnx does, because the runtime's formula is Caffe's.
# Why it matters: AlexNet, Inception v1 and their descendants normalize like this. With a window of 5 each alpha counts for a
#   fifth: values of about 1 are off by 0.9, and nothing tells.
# Seen: depth_radius 2, alpha 0.5: the result is that of alpha 0.1 to 1e-6, and differs from TensorFlow's by 0.87.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tensorflow1
environment mnn "${PYTHON:-python3.11}" MNN==3.6.1 numpy==2.4.6

cd "$WORK"
"$WORK/tf1/bin/python" - 2>/dev/null <<'PY'
import numpy as np
import tensorflow as tf

x = tf.placeholder(tf.float32, [1, 4, 4, 8], "x")
y = tf.nn.lrn(x, depth_radius=2, bias=1.0, alpha=0.5, beta=0.75, name="y")
value = np.random.RandomState(0).randn(1, 4, 4, 8).astype("float32")
with tf.Session() as session:
    np.savez("case.npz", x=value, y=session.run(y, {x: value}))
with open("graph.pb", "wb") as file:
    file.write(tf.get_default_graph().as_graph_def().SerializeToString())
PY
"$WORK/mnn/bin/mnnconvert" -f TF --modelFile graph.pb --MNNModel model.mnn --bizCode x | grep -o "Converted Success!"
"$WORK/mnn/bin/python" - <<'PY'
import MNN.expr as expr
import MNN.nn as nn
import numpy as np

case = np.load("case.npz")
x = case["x"]
model = nn.load_module_from_file("model.mnn", ["x"], ["y"])
given = expr.const(x.ravel().tolist(), list(x.shape), expr.NHWC)
made = np.array(expr.convert(model.forward([given])[0], expr.NHWC).read()).reshape(x.shape)


def normalized(alpha):
    wide = np.pad(x.astype("float64") ** 2, [(0, 0)] * 3 + [(2, 2)])
    sums = sum(wide[..., i : i + 8] for i in range(5))
    return x / (1 + alpha * sums) ** 0.75


print("from TensorFlow:", abs(made - case["y"]).max())
print("TensorFlow from alpha 0.5:", abs(case["y"] - normalized(0.5)).max())
print("from alpha 0.5 / 5:", abs(made - normalized(0.1)).max())
assert abs(made - case["y"]).max() > 0.5
assert abs(case["y"] - normalized(0.5)).max() < 1e-5
assert abs(made - normalized(0.1)).max() < 1e-5
PY
