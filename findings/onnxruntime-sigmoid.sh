#!/usr/bin/env bash
# ONNX Runtime's sigmoid is 0 from -18 down, and not monotone above that.
#
# Library: onnxruntime 1.32.0 (CPU provider, x86-64), onnx 1.23.2.
# Behavior: Sigmoid is a rational approximation that is clamped at 18. sigmoid(-20) is 0 and not 2.06e-9, so
#   that Log of it is minus infinity, and sigmoid(-16) is smaller than sigmoid(-17). The absolute error is
#   below 1e-6 throughout, and the relative error is up to 100 %.
# Guess: 2.06e-9 to seven digits, as TensorFlow, JAX, PyTorch and numpy give; or, with the clamp in mind,
#   sigmoid(-18) = 1.5e-8 for all below.
# Why it matters: TF1 graphs end in sigmoid and write log(p), log(1 - p) or p / (1 - p) after it: rare-event
#   scores, log-odds, detectors. A comparison with atol=1e-5 passes; the logarithm is infinite.
# Seen: sigmoid(-16) 5.96e-8 < sigmoid(-17) 8.94e-8; sigmoid(-20) 0.0; log of it -inf.
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

vector = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xpl"]
graph = helper.make_graph(
    [helper.make_node("Sigmoid", ["x"], ["p"]), helper.make_node("Log", ["p"], ["l"])],
    "sigmoid", vector[:1], vector[1:],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
runtime = onnxruntime.InferenceSession(
    model.SerializeToString(), providers=["CPUExecutionProvider"]
)
x = np.array([-10, -16, -17, -18, -20, -50], np.float32)
p, log = runtime.run(None, {"x": x})
true = 1 / (1 + np.exp(-x.astype(np.float64)))
for row in zip(x, p, true, log):
    print("x %5.0f  sigmoid %.7e  true %.7e  log %.4f" % row)
assert np.abs(p - true).max() < 1e-6
assert p[4] == 0 and p[5] == 0 and np.isneginf(log[4])
assert abs(p[1] / true[1] - 1) > 0.1
assert p[1] < p[2], "monotone: the behavior changed"
PY
"$work/venv/bin/python" "$work/trial.py"
