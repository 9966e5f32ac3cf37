#!/usr/bin/env bash
# tf2onnx replaces an area resize by the nearest pixel, without a word.
#
# Library: tf2onnx 1.17.0 (opset 18), onnxruntime 1.32.0, tensorflow 2.21.0.
# Behavior: tf.image.resize_area averages the pixels under each output pixel. tf2onnx maps the operation
#   to ONNX's Resize with mode "nearest", as if it were ResizeNearestNeighbor. From 4x4 to 2x2 each
#   output is one pixel of four, not their mean.
# Guess: an average pool where the sizes divide, or an error "unsupported op" as for other operations.
# Why it matters: resize_area is the usual preprocessing of TF1 for downscaling (games, thumbnails). The
#   shapes are right and images look plausible; the network sees aliased ones and is quietly worse.
# Seen: 0..15 as 4x4 to 2x2: TensorFlow [2.5, 4.5, 10.5, 12.5], ONNX [0, 2, 8, 10].
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


image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
want, got, nodes = compare(lambda x: tf.compat.v1.image.resize_area(x, [2, 2]), image)
print("TensorFlow", want.ravel().tolist(), "ONNX", got.ravel().tolist(), "by", nodes)
assert want.ravel().tolist() == [2.5, 4.5, 10.5, 12.5]
assert got.ravel().tolist() == [0, 2, 8, 10]
PY
"$work/venv/bin/python" "$work/trial.py"
