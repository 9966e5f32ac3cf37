#!/usr/bin/env bash
# MNN's exponential stops at 87 on the CPU: exp(88.5) is 6e37, exp(-100) is 1.6e-38, and softplus(100) is 87.
#
# Library: MNN 3.6.1, x86-64; tensorflow 1.15.5 writes the graph.
# Behavior: the argument of exp is cut to [-87, 87]. Nothing is infinite and nothing is 0. Softplus is computed from it, so it
#   has an upper bound of 87 and is 0 below about -17. "precision" high changes nothing.
# Guess: an approximation with a few wrong bits, that overflows to infinity above 88.7 and underflows to 0 like every other.
# Why it matters: softplus is the standard deviation of variational models and the parameter of Dirichlet and Poisson heads:
#   above 87 all outputs become the same number. Tests for infinity that guard a program never fire.
# Seen: exp of -100, 87, 88, 88.5: 1.65e-38, 6.08e37, 6.08e37, 6.08e37; softplus of -20, 90, 100: 0, 87, 87.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tensorflow1
environment mnn "${PYTHON:-python3.11}" MNN==3.6.1 numpy==2.4.6

cd "$WORK"
"$WORK/tf1/bin/python" - 2>/dev/null <<'PY'
import tensorflow as tf

for name, function in {"exp": tf.exp, "softplus": tf.nn.softplus}.items():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [1, 4], "x")
        y = function(x, name="y")
        with tf.Session() as session:
            print(name, "in TensorFlow:", session.run(y, {x: [[-100, -20, 90, 100]]})[0])
        with open(name + ".pb", "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
PY
for name in exp softplus; do
  "$WORK/mnn/bin/mnnconvert" -f TF --modelFile $name.pb --MNNModel $name.mnn --bizCode x | grep -o "Converted Success!"
done
"$WORK/mnn/bin/python" - <<'PY'
import MNN.expr as expr
import MNN.nn as nn
import numpy as np


def run(name, values, **config):
    manager = nn.create_runtime_manager(({"backend": "CPU", **config},))
    model = nn.load_module_from_file(name + ".mnn", ["x"], ["y"], runtime_manager=manager)
    given = expr.const([float(value) for value in values], [1, len(values)], expr.NCHW)
    return np.array(model.forward([given])[0].read()).ravel()


for config in ({}, {"precision": "high"}):
    powers = run("exp", [-100, 87, 88, 88.5], **config)
    smooth = run("softplus", [-100, -20, 90, 100], **config)
    print(config, powers, smooth)
    assert 1.6e-38 < powers[0] < 1.7e-38 and np.all(abs(powers[1:] / 6.076e37 - 1) < 1e-3)
    assert smooth.tolist() == [0.0, 0.0, 87.0, 87.0]
PY
