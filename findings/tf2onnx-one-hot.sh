#!/usr/bin/env bash
# In ONNX the one-hot vector of -1 is the last class, not zeros.
#
# Library: tf2onnx 1.17.0 (opset 18), onnxruntime 1.32.0, tensorflow 2.21.0.
# Behavior: tf.one_hot gives a row of zeros for an index outside [0, depth). tf2onnx maps it to ONNX's
#   OneHot, which counts negative indices from the end: -1 becomes the last class and -depth the first one.
# Guess: zeros, as for an index that is too large, which both treat alike.
# Why it matters: TF1 input pipelines mark padding, unknown words and missing categories with -1 and count
#   on the zeros. The exported model takes them all for the last category.
# Seen: one_hot([-1, 3], 3): TensorFlow [[0, 0, 0], [0, 0, 0]], ONNX [[0, 0, 1], [0, 0, 0]].
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import logging

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

logging.disable(logging.WARNING)
tf.compat.v1.disable_eager_execution()


def compare(build, *feeds):
    """Values of a TF1 graph by TensorFlow and, converted, by ONNX Runtime; the operations there."""
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        inputs = [tf.compat.v1.placeholder(x.dtype, x.shape, f"x{i}") for i, x in enumerate(feeds)]
        tf.identity(build(*inputs), "y")
        names = [f"x{i}:0" for i in range(len(feeds))]
        by_name = dict(zip(names, feeds))
        want = session.run("y:0", by_name)
        model, _ = tf2onnx.convert.from_graph_def(
            graph.as_graph_def(), input_names=names, output_names=["y:0"], opset=18
        )
    runtime = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return want, runtime.run(None, by_name)[0], [node.op_type for node in model.graph.node]


index = np.array([-1, 3, 1], np.int32)
want, got, nodes = compare(lambda x: tf.one_hot(x, 3), index)
print("index", index.tolist(), "TensorFlow", want.tolist(), "ONNX", got.tolist(), "by", nodes)
assert want.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
assert got.tolist() == [[0, 0, 1], [0, 0, 0], [0, 1, 0]]
PY
"$work/venv/bin/python" "$work/trial.py"
