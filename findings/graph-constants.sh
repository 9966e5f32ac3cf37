#!/usr/bin/env bash
# A TF1 session folds the constants of a formula together: (x + 1e8) - 1e8 is x, and 0 * 1e30 * 1e30 is NaN.
#
# Library: tensorflow 2.21.0, a TF1 graph in a Session (TensorFlow 1.15.5 gives the same), against eager.
# Behavior: before a graph runs, its optimizer (Grappler) joins constants across operations. (x + 1e8) - 1e8
#   at x = 1 is 1 in a session and 0 in eager mode and numpy. x * 1e30 * 1e30 at x = 0 is NaN, since the two
#   constants become one infinity. x * 0.1 * 3 at x = 7 differs in its last bit.
# Guess: the same float32 operations in the same order; an optimizer of graphs keeps IEEE results, as a C
#   compiler does without -ffast-math.
# Why it matters: the .meta file says which operations a TF1 model has, and not which numbers its session
#   computed. A faithful translation to Keras, JAX or PyTorch gives others: mostly in the last bit, and
#   wholly others where constants are large. To compare bit for bit, run the TF1 side with the optimizer off.
# Seen: session 1.0, nan, 2.1000001; session without the optimizer, and eager: 0.0, 0.0, 2.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile tensorflow==2.21.0 numpy==2.4.6

cat >"$work/trial.py" <<'PY'
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
FORMULAS = {
    "(x + 1e8) - 1e8": (1, lambda x: (x + 1e8) - 1e8),
    "x * 1e30 * 1e30": (0, lambda x: x * 1e30 * 1e30),
    "x * 0.1 * 3": (7, lambda x: x * 0.1 * 3.0),
}


def session(formula, x, optimize):
    config = v1.ConfigProto()
    if not optimize:
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = -1
    with tf.Graph().as_default(), v1.Session(config=config) as run:
        node = v1.placeholder(tf.float32, [1])
        return run.run(formula(node), {node: x})[0]


seen = {}
for text, (value, formula) in FORMULAS.items():
    x = np.array([value], np.float32)
    eager = formula(tf.constant(x)).numpy()[0]
    seen[text] = session(formula, x, True), session(formula, x, False), eager
    print("%s at %d: session %.9g, without the optimizer %.9g, eager %.9g" % (text, value, *seen[text]))
for optimized, plain, eager in seen.values():
    assert plain == eager
assert seen["(x + 1e8) - 1e8"][:2] == (1, 0)
optimized, plain, _ = seen["x * 1e30 * 1e30"]
assert np.isnan(optimized) and plain == 0
optimized, plain, _ = seen["x * 0.1 * 3"]
assert optimized != plain and abs(optimized - plain) < 1e-6
PY
"$work/venv/bin/python" "$work/trial.py"
