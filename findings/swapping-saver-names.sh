#!/usr/bin/env bash
# A checkpoint of swapping_saver holds the average under the weight's name and the weight under the average's name.
#
# Library: tensorflow 1.15.5 (tf.contrib.opt.MovingAverageOptimizer), Python 3.7.
# Behavior: swapping_saver() exchanges the two names on save and again on restore. Within TF1 nothing shows. Read by name,
#   "w" is the moving average and "w/ExponentialMovingAverage" is the weight that training goes on from. A plain Saver of
#   the same graph writes the names straight, and the two files look alike.
# Guess: A name ending in ExponentialMovingAverage holds the moving average.
# Why it matters: Programs that evaluate the average use this saver, so that their evaluation needs no code for it. Whoever
#   reads the average by its name gets the raw weight, and whoever resumes from "w" resumes from the average.
# Seen: weight -2.0, average -1.125; swapping_saver writes w = -1.125 and w/ExponentialMovingAverage = -2.0.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import os

import tensorflow as tf

weight = tf.get_variable("w", initializer=1.0)
optimizer = tf.contrib.opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(1.0), average_decay=0.5)
train = optimizer.minimize(weight)  # each step takes 1 from w
swapping, plain = optimizer.swapping_saver(), tf.train.Saver()
files = {}
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(3):
        session.run(train)
    value = session.run(weight)
    for kind, saver in (("swapping_saver", swapping), ("plain Saver", plain)):
        reader = tf.train.load_checkpoint(saver.save(session, os.path.join(os.environ["WORK"], kind.split()[0])))
        files[kind] = {name: float(reader.get_tensor(name)) for name in sorted(reader.get_variable_to_shape_map())}
print("w in the session", value)
for kind, content in files.items():
    print(kind, content)
assert value == -2.0
assert files["swapping_saver"] == {"w": -1.125, "w/ExponentialMovingAverage": -2.0}
assert files["plain Saver"] == {"w": -2.0, "w/ExponentialMovingAverage": -1.125}
PY
