#!/usr/bin/env bash
# tf2onnx turns // and % of integers into a division that cuts towards zero.
#
# Library: tf2onnx 1.17.0 (opset 18), onnxruntime 1.32.0, tensorflow 2.21.0.
# Behavior: FloorDiv of int32 becomes ONNX's Div alone, which cuts, and FloorMod is built on it. -7 // 2
#   gives -3, and -7 % 2 gives -1. For floats a Floor is added, and all is right.
# Guess: right for both types, since the floats are and -4 is the only point of the name FloorDiv.
# Why it matters: TF1 graphs use both on positions: relative offsets, bucket numbers, wrapped indices
#   ((i - 1) % n). A wrong index passes each test of positive numbers; -1 % n = -1 then gathers the last row
#   where the graph meant n - 1: for n below the number of rows that is another row.
# Seen: [-7, 7] // [2, -2]: TensorFlow [-4, -4], ONNX [-3, -3]; %: TensorFlow [1, -1], ONNX [-1, 1].
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


a, b = np.array([-7, 7, 7], np.int32), np.array([2, -2, 2], np.int32)
for dtype in (np.int32, np.float32):
    for name, op in (("//", lambda p, q: p // q), ("%", lambda p, q: p % q)):
        want, got, nodes = compare(op, a.astype(dtype), b.astype(dtype))
        print(f"{dtype.__name__} {name}: TensorFlow {want.tolist()}, ONNX {got.tolist()} by {nodes}")
        assert want.tolist() == (a // b if name == "//" else a % b).tolist()
        if dtype == np.int32:
            assert got.tolist() == ([-3, -3, 3] if name == "//" else [-1, 1, 1])
        else:
            assert got.tolist() == want.tolist()
PY
"$work/venv/bin/python" "$work/trial.py"
