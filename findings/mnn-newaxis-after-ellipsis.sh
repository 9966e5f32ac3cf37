#!/usr/bin/env bash
# MNN puts a new axis that follows an ellipsis in front of the axes that the ellipsis stands for.
#
# Library: MNN 3.6.1, x86-64; tensorflow 1.15.5 writes the graph.
# Behavior: mnnconvert -f TF reads x[..., tf.newaxis] as x[:, tf.newaxis]: a tensor of (2, 3) becomes (2, 1, 3) and not (2, 3, 1).
#   x[:, tf.newaxis] and x[..., 1:3] are read right, so each of the two masks works where the other is not set. The conversion
#   reports success.
# Guess: the masks of StridedSlice are expanded in their order, as TensorFlow does; an importer that does not know the
#   combination would refuse it.
# Why it matters: x[..., tf.newaxis] is how people add the channel of a gray image or the last axis of a mask. The number of
#   elements is the same, so what follows often runs, by broadcasting, on numbers that stand elsewhere.
# Seen: shapes (2, 1, 3) for x[..., tf.newaxis] of (2, 3), and (2, 1, 2) right for x[:, tf.newaxis, 1:].
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tensorflow1
environment mnn "${PYTHON:-python3.11}" MNN==3.6.1 numpy==2.4.6

cd "$WORK"
"$WORK/tf1/bin/python" - 2>/dev/null <<'PY'
import tensorflow as tf

for name, slicing in {
    "after": lambda x: x[..., tf.newaxis],
    "before": lambda x: x[:, tf.newaxis, 1:],
    "ellipsis": lambda x: x[..., 1:3],
}.items():
    with tf.Graph().as_default() as graph:
        y = slicing(tf.placeholder(tf.float32, [2, 3], "x"))
        tf.multiply(y, 1.0, name="y")
        print(name, "in TensorFlow:", y.shape)
        with open(name + ".pb", "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
PY
for name in after before ellipsis; do
  "$WORK/mnn/bin/mnnconvert" -f TF --modelFile $name.pb --MNNModel $name.mnn --bizCode x | grep -o "Converted Success!"
done
"$WORK/mnn/bin/python" - <<'PY'
import MNN
import MNN.expr as expr
import MNN.nn as nn

found = {}
for name in ("after", "before", "ellipsis"):
    interpreter = MNN.Interpreter(name + ".mnn")
    (output,) = interpreter.getSessionOutputAll(interpreter.createSession())
    model = nn.load_module_from_file(name + ".mnn", ["x"], [output])
    given = expr.const([float(n) for n in range(6)], [2, 3], expr.NCHW)
    found[name] = tuple(model.forward([given])[0].shape)
print("in MNN:", found)
assert found == {"after": (2, 1, 3), "before": (2, 1, 2), "ellipsis": (2, 2)}
PY
