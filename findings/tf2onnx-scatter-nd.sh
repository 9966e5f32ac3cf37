#!/usr/bin/env bash
# tf2onnx's scatter_nd keeps the last of two values for one place; TensorFlow adds them up.
#
# Library: tf2onnx 1.17.0 (opset 18), onnxruntime 1.32.0, tensorflow 2.21.0.
# Behavior: tf.scatter_nd sums where indices repeat, as its documentation says. tf2onnx writes an ONNX
#   ScatterND without its attribute reduction="add". tf.tensor_scatter_nd_add, the sibling, is right.
# Guess: right: opset 16 brought reduction="add", and the converter uses it for the sibling.
# Why it matters: scatter_nd is TF1's way to sum by group: histograms, pooling over the nodes of a graph,
#   point clouds into voxels, and the gradient of gather. An exported model loses all but one of a group.
# Seen: values 1 and 2 at place 0: TensorFlow 3, ONNX 2; tensor_scatter_nd_add: 3 and 3.
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


index, values = np.array([[0], [0], [2]], np.int32), np.array([1, 2, 4], np.float32)
want, got, nodes = compare(lambda i, v: tf.scatter_nd(i, v, [3]), index, values)
print("scatter_nd: TensorFlow", want.tolist(), "ONNX", got.tolist(), "by", nodes)
assert want.tolist() == [3, 0, 4]
assert got.tolist() == [2, 0, 4]
want, got, nodes = compare(
    lambda i, v: tf.tensor_scatter_nd_add(tf.zeros([3]), i, v), index, values
)
print("tensor_scatter_nd_add: TensorFlow", want.tolist(), "ONNX", got.tolist(), "by", nodes)
assert want.tolist() == got.tolist() == [3, 0, 4]
PY
"$work/venv/bin/python" "$work/trial.py"
