#!/usr/bin/env bash
# ONNX Runtime's ReduceMax is NaN if the NaN comes first in its row, and a number if it comes later.
#
# Library: onnxruntime 1.32.0 (CPU provider), onnx 1.23.2.
# Behavior: ReduceMax of [nan, 3, 1] is NaN, of [3, nan, 1] and [3, 1, nan] it is 3. In longer rows, where
#   the processor compares several numbers at once, a NaN can hide the greatest number of all (printed, not
#   asserted, since it depends on the processor).
# Guess: NaN wherever it stands (TensorFlow 2, JAX, PyTorch, numpy), or the greatest of the rest
#   (TensorFlow 1.15).
# Why it matters: a TF1 model that gets missing values as NaN, or checks by a maximum whether anything is
#   NaN, gets a third kind of answer after the export: one that depends on the order of the columns.
# Seen: [nan, 3, 1] nan, [3, nan, 1] 3.0, [3, 1, nan] 3.0; 0..7 with NaN in place of the 1: 6.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

matrix = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, None])
vector = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
node = helper.make_node("ReduceMax", ["x", "axes"], ["y"], keepdims=0)
graph = helper.make_graph([node], "greatest", [matrix], [vector], [axes])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
runtime = onnxruntime.InferenceSession(
    model.SerializeToString(), providers=["CPUExecutionProvider"]
)
nan = np.nan
rows = [[nan, 3, 1], [3, nan, 1], [3, 1, nan], [3, 2, 1], [0, nan, 2, 3, 4, 5, 6, 7]]
seen = [float(runtime.run(None, {"x": np.array([row], np.float32)})[0][0]) for row in rows]
for row, value in zip(rows, seen):
    print(row, "->", value, "numpy", np.max(row))
assert np.isnan(seen[0])
assert seen[1:4] == [3.0, 3.0, 3.0]
PY
"$work/venv/bin/python" "$work/trial.py"
