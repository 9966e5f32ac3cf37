#!/usr/bin/env bash
# With zero_debias a TF1 moving average carries its scope twice in the checkpoint and its helpers three times.
#
# Library: tensorflow 1.15.5, Python 3.7.
# Behavior: ExponentialMovingAverage(zero_debias=True) on a tensor in the scope "s" makes s/s/…/ExponentialMovingAverage,
#   and beside it s/s/s/…/biased and s/s/s/…/local_step. contrib's batch_norm(zero_debias_moving_mean=True) does so for
#   moving_mean and not for moving_variance. The plain name holds the unbiased value; "biased" is what training goes on from.
# Guess: One variable per average, at <name>/ExponentialMovingAverage; batch norm has four variables.
# Why it matters: A reader that strips the suffix to find the weight finds none. Resuming from the plain name and not from
#   "biased" and "local_step" starts another average.
# Seen: s/s/add/ExponentialMovingAverage, s/s/s/add/ExponentialMovingAverage/biased and /local_step;
#   BatchNorm/BatchNorm/moving_mean/biased and /local_step.
set -euo pipefail
source "$(dirname "$0")/common.sh"
tensorflow1

"$WORK/tf1/bin/python" - <<'PY'
import tensorflow as tf


def names(build):
    with tf.Graph().as_default():
        build()
        return sorted(v.op.name for v in tf.global_variables())


def average():
    with tf.variable_scope("s"):
        weight = tf.get_variable("w", initializer=1.0)
        tf.train.ExponentialMovingAverage(0.9, zero_debias=True).apply([weight + 1.0])


def norm():
    tf.contrib.layers.batch_norm(tf.zeros([4, 3]), zero_debias_moving_mean=True, is_training=True)


for build in (average, norm):
    print(build.__name__, *names(build), sep="\n  ")
own = "add/ExponentialMovingAverage"
assert names(average) == sorted(["s/w", "s/s/" + own, "s/s/s/" + own + "/biased", "s/s/s/" + own + "/local_step"])
assert names(norm) == sorted(
    ["BatchNorm/" + v for v in ("beta", "moving_mean", "moving_variance")]
    + ["BatchNorm/BatchNorm/moving_mean/biased", "BatchNorm/BatchNorm/moving_mean/local_step"]
)
PY
