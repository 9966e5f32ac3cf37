#!/usr/bin/env bash
# Finding: safetensors 0.8.0 saves a transposed numpy array with the shape of the view and the bytes of the memory under it.
#
# Versions: safetensors 0.8.0 with numpy 2.4.6, against safetensors 0.7.0; Python 3.11.
# Behavior: safetensors.numpy.save and save_file take the buffer of the array as it lies in memory. A transpose, a column
#   slice or a Fortran-ordered array comes back with other values in it. Nothing warns. 0.7.0 writes the values.
# Guess: As in 0.7.0: the values arrive in C order, or an error asks for a contiguous array.
# Why it matters: Moving kernels between frameworks is transposing and slicing: an LSTM kernel split into input and
#   recurrent rows or columns, a dense kernel turned over. The shapes are right, so only a comparison of values finds it.
# Seen: [[0, 3], [1, 4], [2, 5]] comes back as [[0, 1], [2, 3], [4, 5]]; [[0, 1], [3, 4]] as [[0, 1], [2, 3]].
set -euo pipefail
source "$(dirname "$0")/common.sh"
environment old "${PYTHON:-python3.11}" safetensors==0.7.0 numpy==2.4.6
environment new "${PYTHON:-python3.11}" safetensors==0.8.0 numpy==2.4.6

cat > "$WORK/round_trip.py" <<'PY'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load, save

array = np.arange(6, dtype="float32").reshape(2, 3)
views = {"transpose": array.T, "columns": array[:, :2], "Fortran order": np.asfortranarray(array)}
right = []
for name, view in views.items():
    back = load(save({"k": view}))["k"]
    print(safetensors.__version__, name, view.tolist(), "->", back.tolist())
    right.append(bool(np.array_equal(back, view)))
contiguous = load(save({"k": np.ascontiguousarray(array.T)}))["k"]
assert np.array_equal(contiguous, array.T)
assert right == [sys.argv[1] == "right"] * 3, right
PY
"$WORK/old/bin/python" "$WORK/round_trip.py" right
"$WORK/new/bin/python" "$WORK/round_trip.py" wrong
