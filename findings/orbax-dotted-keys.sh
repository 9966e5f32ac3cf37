#!/usr/bin/env bash
# Orbax lets two arrays share one place when a key has a dot in it: one of them is lost.
#
# Library: orbax-checkpoint 0.12.8, jax 0.10.2.
# Behavior: the path of a leaf is its keys with dots between. {"a.b": ones} and {"a": {"b": zeros}} have
#   the same path. The checkpoint keeps one array, and restore returns it for both leaves.
# Guess: an error at save, or both arrays, since the saved tree lists both leaves.
# Why it matters: whoever flattens the scopes of TF1 into dotted names, as PyTorch does, and keeps a nested
#   tree beside it, gets another variable's numbers back with no error and no warning.
# Seen: saved a.b = [1.0] and a/b = [0.0], restored a.b = [0.0] and a/b = [0.0].
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile orbax-checkpoint==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import pathlib
import sys

import numpy as np
import orbax.checkpoint as ocp

folder = pathlib.Path(sys.argv[0]).resolve().with_name("checkpoint")
tree = {"a.b": np.ones(1), "a": {"b": np.zeros(1)}, "c": np.full(1, 2.0)}
checkpointer = ocp.StandardCheckpointer()
checkpointer.save(folder, tree)
checkpointer.wait_until_finished()
read = checkpointer.restore(folder)
print("saved    a.b", tree["a.b"], "a/b", tree["a"]["b"], "c", tree["c"])
print("restored a.b", read["a.b"], "a/b", read["a"]["b"], "c", read["c"])
assert read["c"] == [2.0]
assert set(read) == {"a.b", "a", "c"}
assert read["a.b"] == read["a"]["b"], "both leaves are kept: the behavior changed"
PY
"$work/venv/bin/python" "$work/trial.py"
