#!/usr/bin/env bash
# safetensors writes the wrong numbers for a transposed numpy array, and says nothing.
#
# Library: safetensors 0.8.0 (safetensors.numpy), numpy 2.4.6.
# Behavior: save_file stores the memory of an array, not its elements in row order. A transposed or
#   Fortran-ordered array comes back with the right shape and dtype, and the elements in the wrong places.
# Guess: the elements are right, as with numpy.save; or an error, as safetensors.torch raises for a
#   tensor that is not contiguous.
# Why it matters: a move from TF1 transposes kernels (to PyTorch's layout, or the gates of a cell). The
#   transpose of numpy is a view. A check of names, shapes and dtypes passes, and so does one of sums.
#   numpy.ascontiguousarray before save_file is the cure.
# Seen: wrote [[0, 3], [1, 4], [2, 5]], read [[0, 1], [2, 3], [4, 5]].
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile safetensors==0.8.0 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

path = str(pathlib.Path(sys.argv[0]).with_name("w.safetensors"))
kernel = np.arange(6, dtype=np.float32).reshape(2, 3)

save_file({"kernel": kernel.T, "fortran": np.asfortranarray(kernel)}, path)
read = load_file(path)
print("wrote", kernel.T.tolist(), "read", read["kernel"].tolist())
print("wrote", kernel.tolist(), "in Fortran order, read", read["fortran"].tolist())
assert read["kernel"].shape == (3, 2) and read["kernel"].dtype == np.float32
assert read["kernel"].tolist() == [[0, 1], [2, 3], [4, 5]]
assert read["fortran"].tolist() == [[0, 3, 1], [4, 2, 5]]
assert read["kernel"].sum() == kernel.sum()

save_file({"kernel": np.ascontiguousarray(kernel.T)}, path)
assert load_file(path)["kernel"].tolist() == kernel.T.tolist()
print("a contiguous copy is written right")
PY
"$work/venv/bin/python" "$work/trial.py"
